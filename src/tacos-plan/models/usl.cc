#include "tacos-plan/models/usl.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;
using Free = std::array<bool, 3>;  // which of γ, σ, κ are fitted; the others stay at 0

ScalabilityLaw law_of(const Vector& c) {
  return {.throughput_of_one = c[0], .contention = c[1], .coherency = c[2]};
}

double denominator(const Vector& c, double n) {
  return 1 + c[1] * (n - 1) + c[2] * n * (n - 1);
}

// Inverse by Gauss-Jordan with pivoting; the rows and columns that are not free must be those of the identity.
std::optional<Matrix> inverse(Matrix m) {
  Matrix result{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (std::size_t column = 0; column < 3; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < 3; ++row) {
      if (std::abs(m[row][column]) > std::abs(m[pivot][column])) pivot = row;
    }
    if (!(std::abs(m[pivot][column]) > 1e-14)) return std::nullopt;
    std::swap(m[pivot], m[column]);
    std::swap(result[pivot], result[column]);
    const double scale = 1 / m[column][column];
    for (std::size_t i = 0; i < 3; ++i) {
      m[column][i] *= scale;
      result[column][i] *= scale;
    }
    for (std::size_t row = 0; row < 3; ++row) {
      if (row == column) continue;
      const double factor = m[row][column];
      for (std::size_t i = 0; i < 3; ++i) {
        m[row][i] -= factor * m[column][i];
        result[row][i] -= factor * result[column][i];
      }
    }
  }
  return result;
}

Vector times(const Matrix& m, const Vector& v) {
  Vector result{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) result[i] += m[i][j] * v[j];
  }
  return result;
}

// Normal equations AᵀA and Aᵀy of a least squares problem, gathered row by row. Columns are scaled to length 1 before
// they are inverted: γ and κ differ by many powers of ten.
struct Normal {
  explicit Normal(const Free& fitted) : free(fitted) {}

  void add(Vector row, double y) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (!free[i]) row[i] = 0;
    }
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) square[i][j] += row[i] * row[j];
      right[i] += row[i] * y;
    }
  }

  // (AᵀA + damping × diagonal)⁻¹, with 0 for what is not free.
  std::optional<Matrix> inverted(double damping) const {
    Vector scale{};
    for (std::size_t i = 0; i < 3; ++i) {
      if (free[i] && !(square[i][i] > 0)) return std::nullopt;
      scale[i] = free[i] ? 1 / std::sqrt(square[i][i]) : 0;
    }
    Matrix scaled{};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) scaled[i][j] = square[i][j] * scale[i] * scale[j];
      scaled[i][i] = free[i] ? 1 + damping : 1;
    }
    auto result = inverse(scaled);
    if (!result) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) (*result)[i][j] *= scale[i] * scale[j];
    }
    return result;
  }

  Free free;
  Matrix square{};
  Vector right{};
};

using Points = std::span<const ScalabilityPoint>;

// Infinite where the law has a pole among the points, so that no step crosses it.
double squared_error(Points points, const Vector& c) {
  double sum = 0;
  for (const auto& point : points) {
    const double below = denominator(c, point.concurrency);
    if (!(below > 0)) return HUGE_VAL;
    const double off = point.throughput - c[0] * point.concurrency / below;
    sum += off * off;
  }
  return sum;
}

Normal linearized(Points points, const Vector& c, const Free& free) {
  Normal normal(free);
  for (const auto& [n, x] : points) {
    const double below = denominator(c, n);
    const double per_gamma = n / below;
    const double fitted = c[0] * per_gamma;
    normal.add({per_gamma, -fitted * (n - 1) / below, -fitted * n * (n - 1) / below}, x - fitted);
  }
  return normal;
}

// N/X = 1/γ + σ/γ (N − 1) + κ/γ N(N − 1) is linear in three unknowns. Weighted by X²/N, the error it then minimizes is
// to first order that of X.
Vector start(Points points, const Free& free) {
  Normal normal(free);
  for (const auto& [n, x] : points) {
    const double weight = x * x / n;
    normal.add({weight, weight * (n - 1), weight * n * (n - 1)}, weight * n / x);
  }
  if (const auto solved = normal.inverted(0)) {
    const Vector line = times(*solved, normal.right);
    const Vector c{1 / line[0], line[1] / line[0], line[2] / line[0]};
    if (line[0] > 0 && std::isfinite(squared_error(points, c))) return c;
  }
  double most = 0;
  for (const auto& [n, x] : points) most = std::max(most, x / n);
  return {most, 0, 0};
}

struct Optimum {
  Vector c{};
  double squared_error = HUGE_VAL;
};

Optimum levenberg_marquardt(Points points, const Free& free) {
  constexpr int kMostSteps = 500;
  Optimum best{.c = start(points, free)};
  best.squared_error = squared_error(points, best.c);
  double damping = 1e-3;
  for (int step = 0; step < kMostSteps && damping < 1e12; ++step) {
    const Normal normal = linearized(points, best.c, free);
    const auto solved = normal.inverted(damping);
    if (!solved) {
      damping *= 10;
      continue;
    }
    const Vector move = times(*solved, normal.right);
    Vector next = best.c;
    bool small = true;
    for (std::size_t i = 0; i < 3; ++i) {
      next[i] += move[i];
      small = small && std::abs(move[i]) <= 1e-12 * (std::abs(next[i]) + (i == 0 ? 0 : 1e-9));
    }
    const double error = squared_error(points, next);
    if (error <= best.squared_error) {
      best = {.c = next, .squared_error = error};
      damping = std::max(damping / 10, 1e-15);
    } else {
      damping *= 10;
    }
    if (small) break;
  }
  return best;
}

bool allowed(const Vector& c) {
  return std::isfinite(c[0]) && c[0] > 0 && c[1] >= 0 && c[2] >= 0;
}

Result<void> check(Points points) {
  if (points.size() < kFewestPoints) {
    return fail(fmt::format("{} points; a scalability fit needs at least {}, better 6", points.size(), kFewestPoints));
  }
  std::set<double> different;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& [n, x] = points[i];
    if (!std::isfinite(n) || !std::isfinite(x) || n <= 0 || x <= 0) {
      return fail(
          fmt::format("point {}: concurrency {} and throughput {}; both must be finite and above 0", i + 1, n, x));
    }
    different.insert(n);
  }
  if (different.size() >= 3) return {};
  return fail(fmt::format("{} points at {} different concurrencies; a scalability fit needs at least 3 different ones",
                          points.size(), different.size()));
}

// What the fit says of itself besides the coefficients.
ScalabilityFit described(Points points, const Optimum& found, const Free& free) {
  ScalabilityFit fit;
  fit.law = law_of(found.c);
  const auto count = static_cast<double>(points.size());
  double mean = 0;
  for (const auto& point : points) mean += point.throughput / count;
  double spread = 0;
  for (const auto& point : points) spread += (point.throughput - mean) * (point.throughput - mean);
  fit.r_squared = spread > 0 ? 1 - found.squared_error / spread : 0;
  const double variance =
      found.squared_error / (count - static_cast<double>(std::count(free.begin(), free.end(), true)));
  fit.residual_error = std::sqrt(variance);
  if (const auto covariance = linearized(points, found.c, free).inverted(0)) {
    Vector errors{};
    for (std::size_t i = 0; i < 3; ++i) errors[i] = std::sqrt(std::max(0.0, (*covariance)[i][i] * variance));
    fit.standard_error = law_of(errors);
  }
  return fit;
}

Result<void> check(const ScalabilityLaw& law) {
  const auto fits = [](double value) { return std::isfinite(value) && value >= 0; };
  if (fits(law.throughput_of_one) && fits(law.contention) && fits(law.coherency)) return {};
  return fail(fmt::format("gamma is {}, sigma {}, kappa {}; each must be finite and at least 0", law.throughput_of_one,
                          law.contention, law.coherency));
}

}  // namespace

double usl_throughput(const ScalabilityLaw& law, double concurrency) {
  const Vector c{law.throughput_of_one, law.contention, law.coherency};
  return c[0] * concurrency / denominator(c, concurrency);
}

Result<double> usl_peak_concurrency(const ScalabilityLaw& law) {
  if (auto ok = check(law); !ok) return ok.error();
  if (law.coherency == 0) return fail("kappa is 0: throughput has no peak, it only levels off");
  return std::sqrt(std::max(law.coherency, 1 - law.contention) / law.coherency);
}

Result<double> usl_most_throughput(const ScalabilityLaw& law) {
  if (auto ok = check(law); !ok) return ok.error();
  if (law.coherency > 0) return usl_throughput(law, usl_peak_concurrency(law).value());
  if (law.contention > 0) return law.throughput_of_one / std::min(1.0, law.contention);
  return fail("sigma and kappa are 0: throughput grows without limit");
}

Result<ScalabilityFit> fit_usl(Points points) {
  if (auto ok = check(points); !ok) return ok.error();
  const Free all{true, true, true};
  const Optimum best = levenberg_marquardt(points, all);
  if (allowed(best.c)) {
    auto fit = described(points, best, all);
    fit.unconstrained = fit.law;
    return fit;
  }
  // The least error within σ, κ ≥ 0 lies on an edge when it is not inside.
  Optimum edge;
  Free edge_free{};
  for (const Free& free : {Free{true, true, false}, Free{true, false, true}, Free{true, false, false}}) {
    const Optimum found = levenberg_marquardt(points, free);
    if (allowed(found.c) && found.squared_error < edge.squared_error) {
      edge = found;
      edge_free = free;
    }
  }
  if (!std::isfinite(edge.squared_error)) return fail("no scalability law fits these throughputs");
  auto fit = described(points, edge, edge_free);
  fit.constrained = true;
  fit.unconstrained = law_of(best.c);
  fit.note = fmt::format(
      "the best fit has sigma {:.3g} and kappa {:.3g}; a negative coefficient is no fit, so {} held at 0: measure more "
      "points, beyond the bend, before trusting a peak",
      best.c[1], best.c[2],
      edge_free[1]   ? "kappa was"
      : edge_free[2] ? "sigma was"
                     : "both were");
  return fit;
}

}  // namespace tacos::plan
