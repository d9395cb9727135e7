/**
 * Charts of results as SVG text: bars and lines, drawn by echarts without a
 * browser.
 *
 * Not a general plotting layer: both functions take figures and give a picture
 * that looks the same in every run. What always holds: the same input gives the
 * same bytes, the ground is white in light and dark pages alike, and no series
 * is told from another by its colour alone.
 *
 * @module
 */

import { BarChart, LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  TitleComponent,
} from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart,
  LineChart,
  GraphicComponent,
  GridComponent,
  LegendComponent,
  TitleComponent,
  SVGRenderer,
]);

/** What {@linkcode bars} draws. */
export interface BarsInput {
  /** Above the chart. */
  title: string;
  /** What the values count; beside the title. */
  unit: string;
  /** A group of bars each. */
  categories: string[];
  /** A bar in each group; `undefined` leaves a gap. */
  series: { name: string; values: (number | undefined)[] }[];
  /** A logarithmic scale. */
  log?: boolean;
}

/** What {@linkcode lines} draws. */
export interface LinesInput {
  /** Above the chart. */
  title: string;
  /** Under the horizontal axis. */
  xLabel: string;
  /** Above the vertical axis. */
  yLabel: string;
  /** A line each; its points in the order of x. */
  series: { name: string; points: [number, number][] }[];
  /** A logarithmic horizontal scale. */
  xLog?: boolean;
  /** A logarithmic vertical scale. */
  yLog?: boolean;
}

const WIDTH = 860;
const HEIGHT = 440;

// Okabe and Ito, "Color Universal Design", 2008, without the yellow, which a
// white ground swallows.
const PALETTE = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#CC79A7",
  "#56B4E9",
  "#D55E00",
  "#444444",
];

const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
const DASHES: (string | number[])[] = ["solid", [7, 4], [2, 3], [9, 3, 2, 3]];

const INK = "#1f2328";
const FAINT = "#d1d9e0";
const FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Draws groups of bars. */
export function bars(input: BarsInput): string {
  const { categories, series, log = false } = input;
  const count = categories.length * series.length;
  const drawn = series.flatMap(({ values }) =>
    values.filter((value) => value !== undefined)
  );
  return render(input.title, input.unit, series.map(({ name }) => name), {
    xAxis: {
      type: "category",
      data: categories,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: INK } },
      axisLabel: {
        ...text(12),
        interval: 0,
        width: Math.floor((WIDTH - 100) / Math.max(categories.length, 1)) - 24,
        overflow: "break",
      },
    },
    yAxis: valueAxis(log, drawn),
    series: series.map(({ name, values }, i) => ({
      name,
      type: "bar",
      barMaxWidth: 60,
      barGap: "8%",
      barCategoryGap: "24%",
      data: values.map((value) => value ?? "-"),
      itemStyle: { borderColor: "#ffffff", borderWidth: 0.5 },
      color: colorOf(i),
      label: {
        show: true,
        position: "top",
        distance: 3,
        // Turned where the bars are narrower than their figures.
        ...(count > 16 ? { rotate: 90, align: "left", distance: 6 } : {}),
        ...(count > 16 ? { verticalAlign: "middle" } : {}),
        ...text(count > 12 ? 10 : 11),
        formatter: ({ value }: { value: unknown }) =>
          typeof value === "number" ? compact(value) : "",
      },
    })),
  });
}

/** Draws lines through points. */
export function lines(input: LinesInput): string {
  const { series, xLog = false, yLog = false } = input;
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  return render(input.title, input.yLabel, series.map(({ name }) => name), {
    xAxis: {
      ...valueAxis(xLog, xs),
      ...(xLog
        ? decades(xs)
        : { min: Math.min(0, ...xs), max: Math.max(...xs) }),
      name: input.xLabel,
      nameLocation: "middle",
      nameGap: 30,
      nameTextStyle: text(12),
      axisLine: { show: true, onZero: false, lineStyle: { color: INK } },
      splitLine: { show: false },
    },
    yAxis: valueAxis(yLog, ys),
    series: series.map(({ name, points }, i) => ({
      name,
      type: "line",
      data: points,
      color: colorOf(i),
      symbol: SYMBOLS[i % SYMBOLS.length]!,
      symbolSize: 8,
      // Marks on a dense curve would be a band.
      showSymbol: points.length <= 40,
      lineStyle: { width: 2.2, type: DASHES[i % DASHES.length]! },
    })),
  });
}

/** A figure of at most three digits and a letter: 950, 1.5k, 23M. */
export function compact(value: number): string {
  const size = Math.abs(value);
  const step = [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const;
  // 999.6 is 1000 when rounded, and that is 1k.
  const found = step.find(([unit]) => size >= unit * 0.9995);
  if (found) return trim(value / found[0]) + found[1];
  return size !== 0 && size < 0.01 ? value.toExponential(0) : trim(value);
}

function trim(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

function colorOf(series: number): string {
  return PALETTE[series % PALETTE.length]!;
}

function text(fontSize: number): Record<string, unknown> {
  return { fontFamily: FONT, fontSize, color: INK };
}

function valueAxis(log: boolean, values: number[]): Record<string, unknown> {
  return {
    type: log ? "log" : "value",
    // Wider than the values: a bar at the lower end would have no height.
    ...(log ? decades(values, 0.3, 0.05) : {}),
    // Without it bars of less than 1 hang down from there.
    ...(log ? { startValue: decades(values, 0.3).min } : {}),
    axisLabel: { ...text(12), formatter: compact },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: FAINT } },
  };
}

/** The powers of ten around `values`, which are positive where they count. */
function decades(
  values: number[],
  below: number = 0,
  above: number = 0,
): { min: number; max: number } {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { min: 1, max: 10 };
  const min = Math.floor(Math.log10(Math.min(...positive)) - below);
  const max = Math.ceil(Math.log10(Math.max(...positive)) + above);
  return { min: 10 ** min, max: 10 ** Math.max(max, min + 1) };
}

function render(
  title: string,
  subtitle: string,
  names: string[],
  options: EChartsCoreOption,
): string {
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: WIDTH,
    height: HEIGHT,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT, color: INK },
    title: {
      text: title,
      subtext: subtitle,
      left: 20,
      top: 14,
      itemGap: 6,
      textStyle: { ...text(16), fontWeight: "bold" },
      subtextStyle: text(12),
    },
    legend: {
      show: names.length > 1,
      data: names,
      bottom: 12,
      left: "center",
      itemGap: 34,
      itemWidth: 26,
      itemHeight: 11,
      textStyle: text(12),
    },
    grid: {
      left: 66,
      right: 30,
      top: 78,
      bottom: (names.length > 1 ? 48 : 18) + 44,
    },
    // An edge, so that it is a card on a white page too.
    graphic: {
      type: "rect",
      silent: true,
      shape: { x: 0.5, y: 0.5, width: WIDTH - 1, height: HEIGHT - 1, r: 6 },
      style: { fill: "none", stroke: FAINT },
    },
    ...options,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // Names of elements count all charts of the process, and classes with their
  // style sheet are for a pointer that hovers.
  return svg
    .replaceAll(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    .replaceAll(/\bzr\d+-/g, "")
    .replace(/<style[^>]*>.*?<\/style>\n?/s, "") + "\n";
}
