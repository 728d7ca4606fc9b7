// What every chart of the report shares: numbers in words, the colours of the page, a stretch of the x axis that several
// charts show together, and the panel around a plot (legend, step select, value box, crosshair, zoom).
(function () {
  'use strict';

  const page = document.documentElement;

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // ---- numbers in words

  function figures(value) {
    const size = Math.abs(value);
    return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
  }

  const words = {
    latency: (ms) => (Math.abs(ms) >= 999.5 ? figures(ms / 1000) + ' s' : figures(ms) + ' ms'),
    latencyTick: (ms) => {
      if (ms === 0) return '0';
      return ms >= 1000 ? Number((ms / 1000).toPrecision(3)) + ' s' : Number(ms.toPrecision(3)) + ' ms';
    },
    count: (value) => value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 }),
    countTick: (value) => {
      if (value >= 1e6) return Number((value / 1e6).toPrecision(4)) + 'M';
      return value >= 1e4 ? Number((value / 1e3).toPrecision(4)) + 'k' : String(Number(value.toPrecision(4)));
    },
    rate: (value) => words.count(value) + '/s',
    percent: (value) => words.count(value) + ' %',
    share: (share) => Number((share * 100).toPrecision(2)) + ' %',
    // Seconds as they are up to ten minutes, then as a clock.
    moment: (sec, longest) => {
      if (longest <= 600) return Number(sec.toFixed(2)) + ' s';
      const pad = (n) => String(Math.floor(n)).padStart(2, '0');
      const hours = Math.floor(sec / 3600);
      return (hours > 0 ? hours + ':' + pad((sec % 3600) / 60) : Math.floor(sec / 60)) + ':' + pad(sec % 60);
    },
  };

  // ---- ticks

  // 1, 2 and 5 of each decade when there is room for them, else 1 only, else every other decade.
  function logTicks(low, high, room, label) {
    const decades = Math.log10(high / low);
    const digits = decades * 3 <= room ? [1, 2, 5] : [1];
    const every = Math.max(1, Math.ceil(decades / Math.max(1, room)));
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      if (digits.length === 1 && power % every !== 0) continue;
      for (const digit of digits) {
        const v = Number(digit + 'e' + power);
        if (v >= low && v <= high) ticks.push({ v, label: label(v) });
      }
    }
    return ticks;
  }

  function timeTicks(low, high, room, longest) {
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
    const step = steps.find((each) => (high - low) / each <= Math.max(1, room)) || steps[steps.length - 1];
    const ticks = [];
    for (let i = Math.ceil(low / step); i * step <= high + 1e-9; i += 1) {
      ticks.push({ v: i * step, label: words.moment(i * step, longest) });
    }
    return ticks;
  }

  // ---- colours

  function colour(name) {
    return getComputedStyle(page).getPropertyValue('--' + name).trim();
  }

  function isDark() {
    return !page.classList.contains('printing') && matchMedia('(prefers-color-scheme: dark)').matches;
  }

  // ---- charts that show the same stretch of x

  class Group {
    constructor(full, least) {
      this.full = full;
      this.least = least; // the shortest stretch that shows something
      this.range = null; // null: all of it
      this.members = [];
      this.busy = false;
    }
    shown() {
      return this.range || this.full;
    }
    zoom(range) {
      if (this.busy) return;
      const [first, last] = this.full;
      let low = range ? Math.max(first, Math.min(range[0], range[1])) : first;
      let high = range ? Math.min(last, Math.max(range[0], range[1])) : last;
      if (!(low < last && high > first)) return;
      if (high - low < this.least) {
        low = Math.max(first, Math.min((low + high - this.least) / 2, last - this.least));
        high = Math.min(last, low + this.least);
      }
      this.busy = true;
      this.point(null);
      this.range = low === first && high === last ? null : [low, high];
      for (const member of this.members) {
        member.reset.hidden = this.range === null;
        member.showRange(this.shown());
      }
      this.busy = false;
    }
    // x: null when nothing is pointed at. The value box is shown on the panel that was pointed at only.
    point(x, at, y) {
      for (const member of this.members) member.point(x, member === at, y);
    }
  }

  // ---- the panel around a plot
  //
  // A kind of chart extends it with: area(), toPixel(x), toValue(pixel), nearest(x), after(x, by), describe(x, y),
  // showRange(range), mark(x), restyle(), resize().

  class Panel {
    constructor(figure, group) {
      this.figure = figure;
      this.group = group;
      this.plot = figure.querySelector('.plot');
      this.plot.textContent = '';
      this.tools = element('div', 'tools');
      this.legend = element('div', 'legend');
      this.graph = element('div', 'graph');
      this.cross = element('div', 'cross');
      this.drag = element('div', 'drag');
      this.glass = element('div', 'glass');
      this.tip = element('div', 'tip');
      this.reset = element('button', 'reset', 'reset zoom');
      this.reset.type = 'button';
      this.reset.addEventListener('click', () => group.zoom(null));
      this.cross.hidden = this.drag.hidden = this.tip.hidden = this.reset.hidden = true;
      this.glass.tabIndex = 0;
      this.glass.setAttribute('role', 'img');
      this.glass.setAttribute('aria-label', figure.querySelector('figcaption').textContent +
        ': chart; left and right arrows read its values');
      this.plot.append(this.graph, this.cross, this.drag, this.glass, this.tip, this.reset);
      figure.querySelector('figcaption').after(this.tools);
      this.plot.after(this.legend);
      this.fingers = new Map();
      this.listen();
      this.listenToKeys();
      group.members.push(this);
    }

    // names: what can be chosen; pick(name) is called when another is.
    offerSteps(names, pick) {
      if (names.length < 2) return;
      const label = element('label', 'choice');
      const select = element('select');
      for (const name of names) select.append(new Option(name === 'all' ? 'all steps' : name, name));
      select.addEventListener('change', () => {
        this.group.point(null);
        pick(select.value);
      });
      label.append(element('span', '', 'step '), select);
      this.tools.append(label);
    }

    point(x, pointed, y) {
      this.mark(x);
      this.cross.hidden = x === null;
      this.tip.hidden = x === null || !pointed;
      if (x === null) return;
      const area = this.area();
      const at = this.toPixel(this.middle(x));
      this.cross.hidden = at < area.left - 1 || at > area.left + area.width + 1;
      this.cross.style.cssText = `left:${at}px;top:${area.top}px;height:${area.height}px`;
      if (pointed) this.showTip(this.describe(x, y), at, area);
    }

    // Where the crosshair of x stands.
    middle(x) {
      return x;
    }

    // what: {title, lines: [{colour, name, value}]}
    showTip(what, at, area) {
      this.tip.textContent = '';
      this.tip.append(element('b', '', what.title));
      for (const line of what.lines) {
        const swatch = element('i');
        swatch.style.background = line.colour || 'none';
        this.tip.append(swatch, element('span', '', line.name), element('span', 'n', line.value));
      }
      const width = this.tip.offsetWidth;
      const right = at + 12 + width <= this.plot.clientWidth;
      const left = right ? at + 12 : Math.max(0, at - 12 - width);
      this.tip.style.left = left + 'px';
      this.tip.style.top = area.top + 4 + 'px';
    }

    pointAtPixel(px, py) {
      const area = this.area();
      const x = this.nearest(this.toValue(Math.max(area.left, Math.min(area.left + area.width, px))));
      this.group.point(x, this, py);
    }

    // A mouse points and drags a stretch to zoom; a finger points, two fingers zoom. Scrolling up and down stays the
    // browser's (touch-action in the style).
    listen() {
      const place = (event) => {
        const box = this.glass.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
      };
      this.glass.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) return;
        this.glass.setPointerCapture(event.pointerId);
        const { x, y } = place(event);
        this.fingers.set(event.pointerId, { from: x, x });
        for (const finger of this.fingers.values()) finger.held = this.toValue(finger.x);
        if (event.pointerType !== 'mouse') this.pointAtPixel(x, y);
      });
      this.glass.addEventListener('pointermove', (event) => {
        const { x, y } = place(event);
        const finger = this.fingers.get(event.pointerId);
        if (finger) finger.x = x;
        if (finger && event.pointerType === 'mouse') this.showDrag(finger.from, x);
        else if (this.fingers.size === 2) this.pinch([...this.fingers.values()]);
        else this.pointAtPixel(x, y);
      });
      this.glass.addEventListener('pointerup', (event) => {
        const finger = this.fingers.get(event.pointerId);
        if (finger && event.pointerType === 'mouse' && Math.abs(finger.x - finger.from) > 5) {
          this.group.zoom([this.toValue(finger.from), this.toValue(finger.x)]);
        }
      });
      this.glass.addEventListener('lostpointercapture', (event) => {
        this.fingers.delete(event.pointerId);
        this.drag.hidden = true;
      });
      this.glass.addEventListener('pointerleave', (event) => {
        if (event.pointerType === 'mouse') this.group.point(null);
      });
      document.addEventListener('pointerdown', (event) => {
        if (event.target !== this.glass && !this.tip.hidden) this.group.point(null);
      });
      this.glass.addEventListener('dblclick', () => this.group.zoom(null));
    }

    showDrag(from, to) {
      const area = this.area();
      const inside = (px) => Math.max(area.left, Math.min(area.left + area.width, px));
      const left = inside(Math.min(from, to));
      const width = inside(Math.max(from, to)) - left;
      this.drag.hidden = width < 3;
      this.drag.style.cssText = `left:${left}px;width:${width}px;top:${area.top}px;height:${area.height}px`;
    }

    // What was under each finger stays under it.
    pinch([a, b]) {
      if (Math.abs(a.x - b.x) < 16) return;
      const area = this.area();
      const scale = (b.held - a.held) / (b.x - a.x);
      if (!(scale > 0)) return;
      const low = a.held - (a.x - area.left) * scale;
      this.group.zoom([low, low + area.width * scale]);
    }

    listenToKeys() {
      this.glass.addEventListener('keydown', (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by) {
          const [low, high] = this.group.shown();
          this.key = this.key === undefined || this.key === null ? this.nearest(low) : this.after(this.key, by);
          this.key = Math.min(Math.max(this.key, this.nearest(low)), this.nearest(high));
          this.group.point(this.key, this);
        } else if (event.key === 'Escape') {
          this.group.point(null);
        } else {
          return;
        }
        event.preventDefault();
      });
      this.glass.addEventListener('blur', () => {
        this.key = null;
        this.group.point(null);
      });
    }

    // A line of words instead of a chart.
    static empty(figure, text) {
      figure.dataset.drawn = 'true';
      figure.dataset.empty = 'true';
      if (text) figure.querySelector('.plot').replaceChildren(element('p', 'none', text));
      else figure.hidden = true;
    }
  }

  // ---- the page

  // The JSON that an element of the page holds.
  function parsed(id) {
    const holder = document.getElementById(id);
    try {
      return (holder && JSON.parse(holder.textContent)) || {};
    } catch (error) {
      console.error(`the JSON in "${id}" cannot be read: ${error.message}`);
      return {};
    }
  }

  // Draws in each figure with data-chart="name" what makers[name](figure) makes, and keeps it right when the window, the
  // colours or the paper change. A maker without anything to show gives null.
  function fill(makers, group) {
    const panels = [];
    for (const figure of document.querySelectorAll('[data-chart]')) {
      const make = makers[figure.dataset.chart];
      const panel = make && make(figure);
      if (panel) {
        panels.push(panel);
        window.tacosReport.charts[figure.dataset.chart] = panel.dygraph || panel;
      } else if (!figure.dataset.empty) {
        Panel.empty(figure);
      }
    }
    const restyle = () => panels.forEach((panel) => panel.restyle());
    // Paper is light, and as wide as the style makes the body of a page that is being printed.
    const print = (on) => {
      page.classList.toggle('printing', on);
      group.point(null);
      restyle();
    };
    addEventListener('beforeprint', () => print(true));
    addEventListener('afterprint', () => print(false));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', restyle);
    const watch = new ResizeObserver(() => panels.forEach((panel) => panel.resize()));
    for (const panel of panels) watch.observe(panel.graph);
  }

  window.tacosReport = { charts: {}, element, words, logTicks, timeTicks, colour, isDark, Group, Panel, parsed, fill };
})();
