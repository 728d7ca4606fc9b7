// The charts of a study of ladders: one line for each ladder, the rate on a log axis, its knee as a dashed line. The page
// holds the study (element "study", schema tacos.ladders/1).
(function () {
  'use strict';

  const report = window.tacosReport;
  const { words, colour, Group, LineChart } = report;

  const study = report.parsed('study');
  const ladders = study.ladders || [];
  const rates = study.rates_rps || [];
  const palette = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6', 'series-7', 'series-0'];

  const has = (value) => typeof value === 'number' && Number.isFinite(value);
  const known = (value) => (has(value) && value > 0 ? value : null);

  const ends = rates.length ? [Math.log10(rates[0]), Math.log10(rates[rates.length - 1])] : [0, 1];
  const group = new Group([ends[0] - 0.08, ends[1] + 0.08], 0.2);

  // The rung of a ladder at a rate: the one that is nearest on the log axis, if it is near at all.
  function rungAt(ladder, rate) {
    const rung = (ladder.rungs || []).find((each) => Math.abs(each.rate_rps / rate - 1) <= 0.025);
    return rung || null;
  }

  function knees(context, area, toPixel, over) {
    if (!over) return;
    context.save();
    context.font = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
    context.textBaseline = 'top';
    context.textAlign = 'left';
    ladders.forEach((ladder, row) => {
      const knee = ladder.knee || {};
      if (!has(knee.held_rps)) return;
      // Ladders that share a knee stand side by side.
      const x = Math.round(toPixel(Math.log10(knee.held_rps))) + 2 * (row - (ladders.length - 1) / 2);
      if (x < area.left || x > area.left + area.width) return;
      const own = colour(palette[row % palette.length]);
      context.strokeStyle = own;
      context.lineWidth = 1.2;
      context.setLineDash([4, 3]);
      context.beginPath();
      context.moveTo(x + 0.5, area.top);
      context.lineTo(x + 0.5, area.top + area.height);
      context.stroke();
      context.setLineDash([]);
      const name = (knee.is_bound ? '≥ ' : '') + ladder.name;
      const width = context.measureText(name).width;
      const left = x + 5 + width > area.left + area.width ? x - 5 - width : x + 5;
      const top = area.top + 3 + 14 * row;
      context.lineWidth = 3;
      context.strokeStyle = colour('page');
      context.strokeText(name, left, top);
      context.fillStyle = own;
      context.fillText(name, left, top);
    });
    context.restore();
  }

  // A tick at every rate, from the highest down; those left out that have no room.
  function ticks(low, high, room) {
    const least = 0.6 * (high - low) / Math.max(1, room);
    const shown = [];
    for (const rate of rates.slice().reverse()) {
      const v = Math.log10(rate);
      if (v < low || v > high || (shown.length && shown[0].v - v < least)) continue;
      shown.unshift({ v, label: words.countTick(Math.round(rate)) });
    }
    return shown;
  }

  function chart(figure, kind, value, more) {
    const rows = rates.map((rate) => [Math.log10(rate), ...ladders.map((ladder) => {
      const rung = rungAt(ladder, rate);
      return rung ? value(rung) : null;
    })]);
    if (!rows.some((row) => row.slice(1).some((each) => each !== null))) return null;
    return new LineChart(figure, group, { kind, views: { all: rows }, ticks, grid: true, points: true, bands: knees,
      title: (x) => words.rate(Math.round(10 ** x)), ...more,
      series: ladders.map((ladder, i) => ({ name: ladder.name, colour: palette[i % palette.length], width: 2 })) });
  }

  const percent = (share) => (has(share) ? share * 100 : null);

  report.fill({
    status_p99: (figure) => chart(figure, 'latency', (rung) => known(rung.status.p99_ms), { log: true }),
    redis_cpu: (figure) => chart(figure, 'percent', (rung) => percent(rung.redis.share)),
    gateway_cpu: (figure) => chart(figure, 'percent', (rung) => percent(rung.gateway.share)),
    redis_commands: (figure) => chart(figure, 'rate', (rung) => known(rung.redis.commands_per_sec), { log: true }),
  }, group);
})();
