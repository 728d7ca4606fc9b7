// The charts of report.html. The page holds report.json (element "run") and what only the page needs (element "detail");
// each figure with data-chart="name" is filled with the chart of that name.
(function () {
  'use strict';

  const report = window.tacosReport;
  const { words, timeTicks, colour, Group, Panel, LineChart, Heatmap } = report;

  const run = report.parsed('run');
  const detail = report.parsed('detail');
  const intervals = run.intervals || [];
  const seconds = run.interval_sec > 0 ? run.interval_sec : 1;

  const has = (value) => typeof value === 'number' && Number.isFinite(value);
  const number = (value) => (has(value) ? value : null);
  const perSecond = (value) => (has(value) ? value / seconds : null);
  const known = (value) => (has(value) && value > 0 ? value : null); // a time of 0 was not measured

  // ---- warm-up and rungs behind the time charts

  // Called before the data is drawn with over = false (shades), and after it with over = true (names).
  function bands(context, area, toPixel, over) {
    const inside = (sec) => Math.max(area.left, Math.min(area.left + area.width, toPixel(sec)));
    const stretches = (run.rungs || []).map((rung, i) => (
      { from: rung.from_sec, to: rung.to_sec, name: rung.name, shade: i % 2 ? 0.07 : 0 }));
    if (run.warmup_sec > 0) stretches.unshift({ from: 0, to: run.warmup_sec, name: 'warm-up', shade: 0.16 });
    context.save();
    context.font = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
    context.textBaseline = 'top';
    context.textAlign = 'left';
    for (const { from, to, name, shade } of stretches) {
      const left = inside(from);
      const width = inside(to) - left;
      if (width < 1) continue;
      context.fillStyle = colour('soft');
      if (!over) {
        context.globalAlpha = shade;
        context.fillRect(left, area.top, width, area.height);
        context.globalAlpha = 0.45;
        if (left > area.left) context.fillRect(Math.round(left), area.top, 1, area.height);
      } else if (context.measureText(name).width + 8 < width) {
        context.globalAlpha = 1;
        context.lineWidth = 3;
        context.strokeStyle = colour('page');
        context.strokeText(name, left + 4, area.top + 3);
        context.fillText(name, left + 4, area.top + 3);
      }
    }
    if (over) marks(context, area, toPixel);
    context.restore();
  }

  // Moments that the text speaks of, such as where the run began to bend.
  function marks(context, area, toPixel) {
    (detail.marks || []).forEach(({ t_sec: at, name }, row) => {
      const x = Math.round(toPixel(at));
      if (x < area.left || x > area.left + area.width) return;
      context.globalAlpha = 1;
      context.strokeStyle = colour('failed');
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(x + 0.5, area.top);
      context.lineTo(x + 0.5, area.top + area.height);
      context.stroke();
      context.setLineDash([]);
      const width = context.measureText(name).width;
      const left = x + 5 + width > area.left + area.width ? x - 5 - width : x + 5;
      const top = area.top + 18 + 14 * row;
      context.lineWidth = 3;
      context.strokeStyle = colour('page');
      context.strokeText(name, left, top);
      context.fillStyle = colour('failed');
      context.fillText(name, left, top);
    });
  }

  // ---- what each chart shows

  const longest = intervals.length ? intervals[intervals.length - 1].t_sec + seconds : 1;
  const time = new Group([intervals.length ? intervals[0].t_sec : 0, longest], 2 * seconds);

  const series = (name, colourName, more) => ({ name, colour: colourName, ...more });

  // A row per interval: its time, then what each of `values` makes of the interval.
  const over = (values) => intervals.map((each) => [each.t_sec, ...values.map((value) => value(each))]);

  const anything = (rows) => rows.some((row) => row.slice(1).some((value) => value !== null));

  function timeChart(figure, spec) {
    const views = Object.fromEntries(Object.entries(spec.views).filter(([, rows]) => anything(rows)));
    if (Object.keys(views).length === 0) return null;
    const title = (x) => (seconds === 1 ? words.moment(x, longest)
      : `${words.moment(x, longest)} – ${words.moment(x + seconds, longest)}`);
    return new LineChart(figure, time, { ...spec, views, bands, title,
      ticks: (low, high, room) => timeTicks(low, high, room, longest) });
  }

  const makers = {
    rates: (figure) => timeChart(figure, {
      kind: 'rate',
      series: [series('planned', 'series-0', { width: 5, dash: [8, 5] }), series('offered', 'series-1', { width: 3.6 }),
        series('sent', 'series-2', { width: 2.4 }), series('completed', 'series-3', { width: 1.2 })],
      views: { all: over(['planned', 'offered', 'sent', 'completed'].map((key) => (each) => perSecond(each[key]))) },
    }),

    response: (figure) => {
      const keys = ['response_p50_ms', 'response_p90_ms', 'response_p99_ms', 'response_p99_9_ms'];
      const views = { all: over(keys.map((key) => (each) => known(each[key]))) };
      for (const step of Object.keys(run.steps || {})) {
        if (step !== 'all') views[step] = over(keys.map((key) => (each) => known(((each.steps || {})[step] || {})[key])));
      }
      return timeChart(figure, {
        kind: 'latency', log: true, views,
        series: [series('p50', 'series-1'), series('p90', 'series-3'), series('p99', 'series-2'),
          series('p99.9', 'series-4')],
      });
    },

    errors: (figure) => {
      const errorsOf = (outcomes) => Object.entries(outcomes || {}).filter(([kind, n]) => kind !== 'ok' && n > 0);
      const found = new Set(intervals.flatMap((each) => errorsOf(each.outcomes).map(([kind]) => kind)));
      const order = ['http_error', 'timeout', 'connect_error', 'reset', 'protocol_error', 'shed', 'unfilled',
        'interrupted'];
      const names = order.filter((kind) => found.has(kind)).concat([...found].filter((kind) => !order.includes(kind)));
      let values = names.map((kind) => (each) => ((each.outcomes || {})[kind] || 0) / seconds);
      if (names.length === 0 && intervals.some((each) => each.errors > 0)) { // a report that does not tell kinds apart
        names.push('errors');
        values = [(each) => perSecond(each.errors)];
      }
      if (names.length === 0) {
        const total = (run.rate || {}).scheduled;
        Panel.empty(figure, has(total) ? `no errors in ${words.count(total)} requests` : 'no errors');
        return null;
      }
      const colours = ['series-4', 'series-2', 'series-5', 'series-1', 'series-6', 'series-3', 'series-7', 'series-0'];
      const colourOf = (kind) => colours[Math.max(0, order.indexOf(kind))];
      return timeChart(figure, { kind: 'rate', stacked: names.length > 1, views: { all: over(values) },
        series: names.map((kind) => series(kind.replace(/_/g, ' '), colourOf(kind), { fill: true, width: 1 })) });
    },

    users: (figure) => {
      if (!intervals.some((each) => each.active_users > 0)) return null; // single requests
      const states = ['joining', 'waiting', 'ready', 'buying', 'told_sold_out', 'done'];
      const colours = ['series-6', 'series-1', 'series-5', 'series-4', 'series-2', 'series-0'];
      if (!intervals.some((each) => each.users)) {
        return timeChart(figure, { kind: 'count', views: { all: over([(each) => number(each.active_users)]) },
          series: [series('active', 'series-1', { fill: true })] });
      }
      return timeChart(figure, {
        kind: 'count', stacked: true,
        views: { all: over(states.map((state) => (each) => number((each.users || {})[state]) || 0)) },
        series: states.map((state, i) => series(state.replace(/_/g, ' '), colours[i], { width: 1 })),
      });
    },

    components: (figure) => {
      // The palette has eight colours: of more parts, the busiest.
      const palette = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6', 'series-7', 'series-0'];
      const named = (run.components || []).filter((part) => has(part.peak_utilisation));
      const shown = named.slice().sort((a, b) => b.peak_utilisation - a.peak_utilisation).slice(0, palette.length);
      const parts = named.filter((part) => shown.includes(part));
      if (parts.length === 0) return null;
      const byTime = new Map((run.component_intervals || []).map((each) => [each.t_sec, each.components || []]));
      const share = (name) => (each) => {
        const use = (byTime.get(each.t_sec) || []).find((part) => part.name === name);
        return use && has(use.utilisation) ? use.utilisation * 100 : null;
      };
      return timeChart(figure, { kind: 'percent', views: { all: over(parts.map((part) => share(part.name))) },
        series: parts.map((part, i) => series(part.name, palette[i])) });
    },

    lag: (figure) => timeChart(figure, {
      kind: 'latency', log: true,
      series: [series('send lag p99', 'series-2', { width: 2.4 }), series('dispatch lag p99', 'series-1')],
      views: { all: over([(each) => known(each.send_lag_p99_ms), (each) => known(each.dispatch_lag_p99_ms)]) },
    }),

    position: (figure) => timeChart(figure, {
      kind: 'count',
      series: [series('p90', 'series-2'), series('p50', 'series-1', { width: 2 }), series('p10', 'series-3')],
      views: { all: over(['p90', 'p50', 'p10'].map((key) => (each) =>
        (each.position && each.position.count > 0 ? number(each.position[key]) : null))) },
    }),

    admission: (figure) => {
      if (!intervals.some((each) => each.admitted > 0)) return null;
      return timeChart(figure, {
        kind: 'rate', rightKind: 'latency',
        series: [series('told to enter', 'series-1', { fill: true }),
          series('median time to admission (right axis)', 'series-2', { right: true, width: 2 })],
        views: { all: over([(each) => perSecond(each.admitted || 0),
          (each) => (each.admitted > 0 ? known(each.time_to_admission_p50_ms) : null)]) },
      });
    },

    percentiles: (figure) => {
      const { at, all, steps } = detail.percentiles || {};
      if (!at || !at.length) return null;
      const nines = (percentile) => -Math.log10(1 - percentile / 100);
      const views = {};
      for (const [name, curves] of Object.entries({ all: all || {}, ...steps })) {
        const rows = at.map((percentile, i) => [nines(percentile),
          known((curves.response_ms || [])[i]), known((curves.service_ms || [])[i])]);
        if (anything(rows)) views[name] = rows;
      }
      if (Object.keys(views).length === 0) return null;
      const tick = (percentile, label) => ({ v: nines(percentile), label: label ? percentile + ' %' : '' });
      const ticks = (low, high, room) => {
        const wide = high - low <= 0.8 * room; // there is room for the labels near both ends too
        const close = high - low < 2.5 ? [75, 95, 99.5, 99.95, 99.995] : [];
        return [0, 50, 90, 99, 99.9, 99.99, 99.999, ...close]
          .map((each) => tick(each, wide || (each !== 50 && each !== 99.999)))
          .filter(({ v }) => v >= low - 1e-9 && v <= high + 1e-9);
      };
      const title = (x) => {
        const share = 10 ** -x;
        const digits = Math.max(0, Math.ceil(x - 1e-9) - 1);
        return `${(100 - share * 100).toFixed(Math.min(4, digits))} % · 1 in ${words.count(1 / share)} is slower`;
      };
      const group = new Group([nines(at[0]), nines(at[at.length - 1])], 0.1);
      return new LineChart(figure, group, {
        kind: 'latency', log: true, grid: true, views, title, ticks,
        series: [series('response time', 'series-1', { width: 2 }), series('service time', 'series-2', { width: 2 })],
      });
    },

    heatmap: (figure) => {
      const usable = ([, map]) => map && map.cells && map.cells.length > 0 && (map.edges_ms || []).length > 1;
      const maps = Object.fromEntries(Object.entries(detail.heatmap || {}).filter(usable));
      return Object.keys(maps).length === 0 ? null : new Heatmap(figure, time, maps, bands);
    },
  };

  report.fill(makers, time);
})();
