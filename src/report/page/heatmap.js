// The heat map: time across, response time up (log scale), colour for the share of that moment's requests.
(function () {
  'use strict';

  const { element, words, logTicks, timeTicks, colour, isDark, Panel } = window.tacosReport;

  // Light: ColorBrewer's YlGnBu without its palest; dark: viridis without its darkest. Both grow evenly in lightness, away
  // from the background, so they are read without colour too.
  const kLight = ['#c7e9b4', '#7fcdbb', '#41b6c4', '#1d91c0', '#225ea8', '#0c2c84'];
  const kDark = ['#453781', '#39568c', '#287d8e', '#20a387', '#73d055', '#fde725'];

  const kMargin = { left: 58, right: 12, top: 8, bottom: 22 };
  const kFont = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

  function mix(stops, at) {
    const place = Math.max(0, Math.min(1, at)) * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(place));
    const channel = (stop, n) => parseInt(stops[stop].slice(1 + 2 * n, 3 + 2 * n), 16);
    const blend = [0, 1, 2].map((n) => Math.round(channel(i, n) + (channel(i + 1, n) - channel(i, n)) * (place - i)));
    return `rgb(${blend.join(',')})`;
  }

  class Heatmap extends Panel {
    // maps: {step: {edges_ms, from_sec, interval_sec, cells}}; bands(context, area, toPixel, over) draws warm-up and rungs.
    constructor(figure, group, maps, bands) {
      super(figure, group);
      this.maps = maps;
      this.bands = bands;
      this.canvas = element('canvas');
      this.graph.append(this.canvas);
      this.scale = element('canvas');
      this.choose(Object.keys(maps).includes('all') ? 'all' : Object.keys(maps)[0]);
      this.offerSteps(Object.keys(maps), (name) => {
        this.choose(name);
        this.draw();
      });
      this.drawLegend();
      this.draw();
    }

    choose(name) {
      const map = this.maps[name];
      this.map = map;
      this.totals = new Map();
      let low = Infinity;
      let high = -Infinity;
      for (const [time, bucket, count] of map.cells) {
        this.totals.set(time, (this.totals.get(time) || 0) + count);
        low = Math.min(low, bucket);
        high = Math.max(high, bucket);
      }
      let most = 10;
      this.last = 0;
      for (const [time, total] of this.totals) {
        most = Math.max(most, total);
        this.last = Math.max(this.last, time);
      }
      const edges = map.edges_ms;
      const positive = edges.find((edge) => edge > 0);
      this.low = Math.max(positive, edges[Math.max(0, low)] || positive);
      this.high = edges[Math.min(edges.length - 1, high + 1)] || this.low * 10;
      // The faintest colour is for one request in the busiest moment.
      this.decades = Math.max(1, Math.min(6, Math.ceil(Math.log10(most))));
    }

    // 0 is the faintest, 1 is all of a moment's requests.
    strength(share) {
      return 1 + Math.log10(share) / this.decades;
    }

    area() {
      return {
        left: kMargin.left, top: kMargin.top,
        width: Math.max(10, this.graph.clientWidth - kMargin.left - kMargin.right),
        height: Math.max(10, this.graph.clientHeight - kMargin.top - kMargin.bottom),
      };
    }
    toPixel(x) {
      const area = this.area();
      const [low, high] = this.group.shown();
      return area.left + ((x - low) / (high - low)) * area.width;
    }
    toValue(pixel) {
      const area = this.area();
      const [low, high] = this.group.shown();
      return low + ((pixel - area.left) / area.width) * (high - low);
    }
    toHeight(ms) {
      const area = this.area();
      const share = Math.log(Math.max(ms, this.low) / this.low) / Math.log(this.high / this.low);
      return area.top + area.height * (1 - share);
    }

    // How many columns are drawn as one when there are more of them than pixels.
    columnsPerCell() {
      const [low, high] = this.group.shown();
      return Math.max(1, Math.ceil((high - low) / this.map.interval_sec / this.area().width));
    }
    column(x) {
      return Math.floor((x - this.map.from_sec) / this.map.interval_sec + 1e-6);
    }
    startOf(column) {
      return this.map.from_sec + column * this.map.interval_sec;
    }
    nearest(x) {
      return this.startOf(Math.max(0, Math.min(this.last, this.column(x))));
    }
    after(x, by) {
      return this.nearest(x + (by + 0.5) * this.map.interval_sec);
    }
    middle(x) {
      const per = this.columnsPerCell();
      return this.startOf(Math.floor(this.column(x) / per) * per + per / 2);
    }

    // Cells as they are drawn: [first column, bucket, share].
    merged() {
      const per = this.columnsPerCell();
      const cells = new Map();
      const totals = new Map();
      for (const [time, total] of this.totals) {
        const first = Math.floor(time / per) * per;
        totals.set(first, (totals.get(first) || 0) + total);
      }
      for (const [time, bucket, count] of this.map.cells) {
        const key = Math.floor(time / per) * per * 4096 + bucket;
        cells.set(key, (cells.get(key) || 0) + count);
      }
      return [...cells].map(([key, count]) => {
        const first = Math.floor(key / 4096);
        return { first, bucket: key % 4096, share: count / totals.get(first) };
      });
    }

    draw() {
      const width = this.graph.clientWidth;
      const height = this.graph.clientHeight;
      if (width === 0 || height === 0) return;
      const printing = document.documentElement.classList.contains('printing');
      const ratio = Math.max(window.devicePixelRatio || 1, printing ? 2 : 1);
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.cssText = `width:${width}px;height:${height}px`;
      const context = this.canvas.getContext('2d');
      context.scale(ratio, ratio);
      const area = this.area();
      const toPixel = (x) => this.toPixel(x);
      this.bands(context, area, toPixel, false);
      this.drawGrid(context, area);
      context.save();
      context.beginPath();
      context.rect(area.left, area.top, area.width, area.height);
      context.clip();
      this.drawCells(context, ratio);
      context.restore();
      this.drawAxes(context, area);
      this.bands(context, area, toPixel, true);
      this.figure.dataset.drawn = 'true';
    }

    drawCells(context, ratio) {
      const stops = isDark() ? kDark : kLight;
      const edges = this.map.edges_ms;
      const per = this.columnsPerCell();
      const snap = (px) => Math.round(px * ratio) / ratio; // no seams between neighbours
      for (const cell of this.merged()) {
        const left = snap(this.toPixel(this.startOf(cell.first)));
        const right = snap(this.toPixel(this.startOf(cell.first + per)));
        const top = snap(this.toHeight(edges[cell.bucket + 1] || this.high));
        const bottom = snap(this.toHeight(edges[cell.bucket]));
        context.fillStyle = mix(stops, this.strength(cell.share));
        context.fillRect(left, top, Math.max(1 / ratio, right - left), Math.max(1 / ratio, bottom - top));
      }
    }

    heightTicks(area) {
      return logTicks(this.low, this.high, area.height / 26, words.latencyTick);
    }
    drawGrid(context, area) {
      context.fillStyle = colour('grid');
      for (const tick of this.heightTicks(area)) {
        context.fillRect(area.left, Math.round(this.toHeight(tick.v)), area.width, 1);
      }
    }

    drawAxes(context, area) {
      const [low, high] = this.group.shown();
      const bottom = area.top + area.height;
      context.strokeStyle = colour('edge');
      context.fillStyle = colour('soft');
      context.font = kFont;
      context.lineWidth = 1;
      context.textBaseline = 'middle';
      context.textAlign = 'right';
      for (const tick of this.heightTicks(area)) context.fillText(tick.label, area.left - 6, this.toHeight(tick.v));
      context.textAlign = 'center';
      context.textBaseline = 'top';
      for (const tick of timeTicks(low, high, area.width / 70, this.group.full[1])) {
        const room = context.measureText(tick.label).width / 2;
        context.fillText(tick.label, Math.min(this.toPixel(tick.v), this.graph.clientWidth - room), bottom + 6);
      }
      context.strokeRect(area.left - 0.5, area.top, 0, area.height);
      context.strokeRect(area.left, bottom + 0.5, area.width, 0);
    }

    drawLegend() {
      const stops = isDark() ? kDark : kLight;
      const context = this.scale.getContext('2d');
      this.scale.width = 240;
      this.scale.height = 20;
      for (let x = 0; x < 240; x += 1) {
        context.fillStyle = mix(stops, x / 239);
        context.fillRect(x, 0, 1, 20);
      }
      this.scale.className = 'scale';
      this.legend.replaceChildren(
        element('span', '', '≤ ' + words.share(10 ** -this.decades)), this.scale,
        element('span', '', '100 % of the requests due at that time (log)'));
    }

    describe(x, py) {
      const per = this.columnsPerCell();
      const first = Math.floor(this.column(x) / per) * per;
      const longest = this.group.full[1];
      const title = `${words.moment(this.startOf(first), longest)} – ${words.moment(this.startOf(first + per), longest)}`;
      let total = 0;
      for (let column = first; column < first + per; column += 1) total += this.totals.get(column) || 0;
      const lines = [];
      const edges = this.map.edges_ms;
      const bucket = py === undefined ? -1 : edges.findIndex((edge, i) =>
        i + 1 < edges.length && py <= this.toHeight(edge) && py > this.toHeight(edges[i + 1]));
      if (bucket >= 0) {
        let count = 0;
        for (const [time, at, n] of this.map.cells) {
          if (at === bucket && time >= first && time < first + per) count += n;
        }
        const share = count / Math.max(1, total);
        lines.push({ name: `${words.latency(edges[bucket])} – ${words.latency(edges[bucket + 1])}`,
          colour: count ? mix(isDark() ? kDark : kLight, this.strength(share)) : '',
          value: count ? `${words.count(count)} (${words.share(share)})` : '0' });
      }
      lines.push({ name: 'requests in all', value: words.count(total) });
      return { title, lines };
    }

    mark() {}
    showRange() {
      this.draw();
    }
    resize() {
      this.draw();
    }
    restyle() {
      this.drawLegend();
      this.draw();
    }
  }

  window.tacosReport.Heatmap = Heatmap;
})();
