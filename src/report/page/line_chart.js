// A chart of lines or stacked areas, drawn by dygraphs.
(function () {
  'use strict';

  const { element, words, logTicks, colour, Panel } = window.tacosReport;

  const kinds = {
    latency: { value: words.latency, tick: words.latencyTick },
    rate: { value: words.rate, tick: words.countTick },
    count: { value: words.count, tick: words.countTick },
    percent: { value: words.percent, tick: words.countTick },
  };

  // dygraphs leaves out a tick at the very end of an axis.
  function within(low, high, ticks) {
    const end = high - (high - low) * 1e-6;
    return ticks.map(({ v, label }) => ({ v: Math.min(v, end), label }));
  }

  class LineChart extends Panel {
    // spec:
    //   series    [{name, colour, width, dash, fill, right}]; right: on the right axis
    //   views     {step: rows}; a row is x and a value per series, null for a gap
    //   kind, rightKind, log, stacked    what the y axes show
    //   ticks(low, high, room), title(x), grid    the x axis, and x in words
    //   points    mark each value
    //   bands     draws what stands behind the lines and in front of them, see report.js
    constructor(figure, group, spec) {
      super(figure, group);
      this.spec = spec;
      this.view = 'all' in spec.views ? 'all' : Object.keys(spec.views)[0];
      this.hiddenByUser = spec.series.map(() => false);
      this.makeLegend();
      this.dygraph = new Dygraph(this.graph, this.rows(), this.options());
      this.showView(this.view);
      this.offerSteps(Object.keys(spec.views), (name) => this.showView(name));
    }

    rows() {
      return this.spec.views[this.view];
    }

    options() {
      const { spec } = this;
      const kind = kinds[spec.kind];
      const rightKind = kinds[spec.rightKind || spec.kind];
      const log = (low, high, pixels) => logTicks(low, high, pixels / 26, kind.tick);
      const y = { axisLabelFormatter: kind.tick, axisLabelWidth: 52, logscale: Boolean(spec.log), pixelsPerLabel: 34 };
      if (spec.log) y.ticker = log;
      return {
        labels: ['x', ...spec.series.map((each) => each.name)],
        legend: 'never',
        interactionModel: {},
        dateWindow: this.group.shown(),
        stackedGraph: Boolean(spec.stacked),
        fillAlpha: spec.stacked ? 0.55 : 0.18,
        includeZero: !spec.log,
        yRangePad: spec.log ? 8 : null,
        axisLabelFontSize: 11,
        axisLineWidth: 1,
        gridLineWidth: 1,
        rightGap: 12,
        highlightCircleSize: 3,
        axes: {
          x: { ticker: (low, high, pixels) => within(low, high, spec.ticks(low, high, pixels / 70)), axisLabelWidth: 60,
            drawGrid: Boolean(spec.grid) },
          y,
          y2: { axisLabelFormatter: rightKind.tick, axisLabelWidth: 46, independentTicks: true, drawGrid: false,
            pixelsPerLabel: 34 },
        },
        underlayCallback: (context, area, dygraph) => {
          if (spec.bands) spec.bands(context, this.boxOf(area), (sec) => dygraph.toDomXCoord(sec), false);
        },
        drawPoints: Boolean(spec.points) || this.rows().length < 3, // too few for a line
        pointSize: 3,
        drawCallback: (dygraph, first) => this.drawn(dygraph, first),
        ...this.colours(),
      };
    }

    colours() {
      const series = {};
      for (const each of this.spec.series) {
        series[each.name] = { color: colour(each.colour), strokeWidth: each.width || 1.5, strokePattern: each.dash || null,
          fillGraph: Boolean(each.fill || this.spec.stacked), axis: each.right ? 'y2' : 'y' };
      }
      return { series, gridLineColor: colour('grid'), axisLineColor: colour('edge') };
    }

    // Someone may have zoomed the dygraph itself; the group follows.
    drawn(dygraph, first) {
      if (this.spec.bands) {
        this.spec.bands(dygraph.hidden_ctx_, this.boxOf(dygraph.getArea()), (sec) => dygraph.toDomXCoord(sec), true);
      }
      this.figure.dataset.drawn = 'true';
      if (first || this.group.busy) return;
      const [low, high] = dygraph.xAxisRange();
      const [shownLow, shownHigh] = this.group.shown();
      if (low === shownLow && high === shownHigh) return;
      const [least, most] = dygraph.xAxisExtremes();
      this.group.zoom(low <= least && high >= most ? null : [low, high]);
    }

    makeLegend() {
      this.boxes = this.spec.series.map((each, i) => {
        const label = element('label');
        const box = element('input');
        const swatch = element('i');
        box.type = 'checkbox';
        box.checked = true;
        box.dataset.series = each.name;
        const edge = each.dash ? '3px dashed' : this.spec.stacked ? '10px solid' : '3px solid';
        swatch.style.borderTop = `${edge} var(--${each.colour})`;
        box.addEventListener('change', () => {
          this.hiddenByUser[i] = !box.checked;
          label.classList.toggle('off', !box.checked);
          this.dygraph.setVisibility(i, box.checked);
        });
        label.append(box, swatch, each.name);
        this.legend.append(label);
        return label;
      });
    }

    showView(name) {
      this.view = name;
      const rows = this.rows();
      const some = this.spec.series.map((_, i) => rows.some((row) => row[i + 1] !== null));
      this.boxes.forEach((label, i) => { label.hidden = !some[i]; });
      this.dygraph.updateOptions({ file: rows, visibility: some.map((any, i) => any && !this.hiddenByUser[i]),
        dateWindow: this.group.shown() });
    }

    boxOf(area) {
      return { left: area.x, top: area.y, width: area.w, height: area.h };
    }
    area() {
      return this.boxOf(this.dygraph.getArea());
    }
    toPixel(x) {
      return this.dygraph.toDomXCoord(x);
    }
    toValue(pixel) {
      return this.dygraph.toDataXCoord(pixel);
    }
    rowAt(x) {
      const rows = this.rows();
      let low = 0;
      let high = rows.length - 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if ((rows[middle][0] + rows[middle + 1][0]) / 2 < x) low = middle + 1;
        else high = middle;
      }
      return low;
    }
    nearest(x) {
      return this.rows()[this.rowAt(x)][0];
    }
    after(x, by) {
      const rows = this.rows();
      return rows[Math.max(0, Math.min(rows.length - 1, this.rowAt(x) + by))][0];
    }

    describe(x) {
      const row = this.rows()[this.rowAt(x)];
      const lines = [];
      let total = 0;
      this.spec.series.forEach((each, i) => {
        if (this.boxes[i].hidden || this.hiddenByUser[i]) return;
        const value = row[i + 1];
        total += value || 0;
        const say = kinds[(each.right && this.spec.rightKind) || this.spec.kind].value;
        lines.push({ colour: colour(each.colour), name: each.name, value: value === null ? '–' : say(value) });
      });
      if (this.spec.stacked && lines.length > 1) lines.push({ name: 'total', value: kinds[this.spec.kind].value(total) });
      return { title: this.spec.title(row[0]), lines };
    }

    showRange(range) {
      this.dygraph.updateOptions({ dateWindow: range });
    }
    mark(x) {
      if (x === null) this.dygraph.clearSelection();
      else this.dygraph.setSelection(this.rowAt(x));
    }
    resize() {
      this.dygraph.resize();
    }
    restyle() {
      const printing = document.documentElement.classList.contains('printing');
      this.dygraph.updateOptions({ ...this.colours(), pixelRatio: printing ? 2 : null }, true);
      this.dygraph.width_ = 0; // the size may be the same, but the resolution is not
      this.dygraph.resize();
    }
  }

  window.tacosReport.LineChart = LineChart;
})();
