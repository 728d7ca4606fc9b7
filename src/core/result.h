#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace tacos::core {

// Why something expected to fail now and then did fail, in words for the person who caused it: it names the flag, file
// or JSON pointer, the value found, the range allowed and the next step.
struct Error {
  std::string message;

  // Made by fail(). The tag keeps a Result<std::string> from taking any text for an error.
  struct Made {};
  Error() = default;
  Error(Made, std::string text) : message(std::move(text)) {}
};

// Found by argument-dependent look-up when value() is called on a Result that holds an Error: a programmer's mistake.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("result holds an error: " + error.message);
}

// A T, or the Error that explains why there is none.
template <class T>
using Result = boost::system::result<T, Error>;

inline Error fail(std::string message) {
  return Error(Error::Made{}, std::move(message));
}

}  // namespace tacos::core
