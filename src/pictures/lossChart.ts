import type { ChartConfiguration, LegendItem, Plugin } from 'chart.js';
import { UserError } from '../errors.js';
import { colours, fontFamily, newSheet, pngBytes } from './canvas.js';
import { linearTick, logarithmicTick, short } from './numberText.js';

/** What one epoch reached. A loss that is NaN or infinite is left out of the curve. */
export interface LossPoint {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss?: number;
}

/** What a loss chart shows. */
export interface LossChart {
  /** One entry an epoch, in order. */
  readonly history: readonly LossPoint[];
  /** The heading. */
  readonly title: string;
  /** What the loss is and in which unit: `negative ELBO (nats per sample)`. */
  readonly yLabel: string;
}

/** The size of the picture in pixels. */
export const lossChartSize = { width: 1000, height: 600 } as const;

/** Up to so many epochs, each is marked by a dot. */
const maxDots = 30;

type Point = { x: number; y: number };
type Curve = ReturnType<typeof curve>;

/**
 * Draws the loss over the epochs, with the validation loss beside it where there is one. The vertical axis is
 * logarithmic when the values span more than two decades, and linear otherwise.
 * @returns The bytes of a PNG file of 1000 × 600 pixels.
 * @throws {UserError} when the history has no epoch with a finite loss.
 */
export async function lossChart(chart: LossChart): Promise<Uint8Array> {
  const training = pointsOf(chart.history, ({ loss }) => loss);
  const validation = pointsOf(chart.history, ({ validationLoss }) => validationLoss);
  if (training.length + validation.length === 0) {
    throw new UserError(
      'a loss chart was asked for, but no epoch has a finite loss; train for at least one epoch',
    );
  }
  const sheet = await newSheet(lossChartSize.width, lossChartSize.height);
  const {
    Chart,
    LineController,
    LineElement,
    PointElement,
    LinearScale,
    LogarithmicScale,
    Legend,
    Title,
    SubTitle,
  } = await import('chart.js');
  Chart.register(
    LineController,
    LineElement,
    PointElement,
    LinearScale,
    LogarithmicScale,
    Legend,
    Title,
    SubTitle,
  );
  const drawn = new Chart(sheet.context as never, configuration(chart, training, validation));
  try {
    return await pngBytes(sheet);
  } finally {
    drawn.destroy();
  }
}

function pointsOf(history: readonly LossPoint[], value: (point: LossPoint) => number | undefined): Point[] {
  return history.flatMap((point) => {
    const y = value(point);
    return y !== undefined && Number.isFinite(y) ? [{ x: point.epoch, y }] : [];
  });
}

function configuration(
  chart: LossChart,
  training: Point[],
  validation: Point[],
): ChartConfiguration<'line', Point[]> {
  const datasets = [
    curve('training', training, colours.blue, []),
    curve('validation', validation, colours.vermilion, [9, 5]),
  ].filter(({ data }) => data.length > 0);
  const points = [...training, ...validation];
  const [first, last] = extent(points.map(({ x }) => x));
  const [lowest, highest] = extent(points.map(({ y }) => y));
  const logarithmic = lowest > 0 && highest / lowest > 100;
  // A single epoch would stand on both edges of its axis.
  const around = first === last ? 1 : 0;
  return {
    type: 'line',
    data: { datasets },
    plugins: [background],
    options: {
      responsive: false,
      animation: false,
      devicePixelRatio: 1,
      locale: 'en',
      color: colours.text,
      layout: { padding: { top: 18, right: 34, bottom: 16, left: 18 } },
      scales: {
        x: {
          type: 'linear',
          min: first - around,
          max: last + around,
          title: { ...axisTitle, text: 'epoch' },
          grid: { color: colours.grid },
          border: { color: colours.frame },
          ticks: {
            color: colours.text,
            precision: 0,
            callback: (value) => (Number(value) < first || Number(value) > last ? '' : String(value)),
            maxTicksLimit: 12,
            font: face(15),
          },
        },
        y: {
          grace: '4%',
          type: logarithmic ? 'logarithmic' : 'linear',
          title: { ...axisTitle, text: chart.yLabel },
          grid: { color: colours.grid },
          border: { color: colours.frame },
          ticks: {
            color: colours.text,
            maxTicksLimit: 9,
            font: face(15),
            callback: logarithmic ? logarithmicTick : linearTick,
          },
        },
      },
      plugins: {
        legend: {
          display: datasets.length > 1,
          align: 'end',
          labels: {
            color: colours.text,
            usePointStyle: true,
            pointStyleWidth: 40,
            generateLabels: () => datasets.map(legendItem),
            padding: 16,
            font: face(16),
          },
        },
        title: {
          display: true,
          text: chart.title,
          align: 'start',
          color: colours.text,
          font: face(20),
          padding: { bottom: 4 },
        },
        subtitle: {
          display: true,
          text: lastLine(chart.history),
          align: 'start',
          color: colours.faintText,
          font: face(15),
          padding: { bottom: datasets.length > 1 ? 0 : 16 },
        },
      },
    },
  };
}

/** Chart.js does not hand a family down to titles and legends. */
function face(size: number) {
  return { family: `"${fontFamily}"`, size, weight: 'normal' as const };
}

const axisTitle = { display: true, color: colours.text, font: face(16), padding: 10 } as const;

/** Chart.js wipes the canvas first, which would leave the picture transparent. */
const background: Plugin<'line'> = {
  id: 'background',
  beforeDraw: ({ ctx, width, height }) => {
    ctx.fillStyle = colours.background;
    ctx.fillRect(0, 0, width, height);
  },
};

function curve(label: string, data: Point[], colour: string, borderDash: number[]) {
  return {
    label,
    data,
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 2.5,
    borderDash,
    pointRadius: data.length <= maxDots ? 4 : 0,
    clip: false,
  } as const;
}

/** Chart.js's own entries leave out the dashes. */
function legendItem({ label, borderColor, borderDash }: Curve, datasetIndex: number): LegendItem {
  return {
    text: label,
    datasetIndex,
    strokeStyle: borderColor,
    lineWidth: 2.5,
    lineDash: borderDash,
    pointStyle: 'line',
    fontColor: colours.text,
  };
}

/** Not `Math.min(...values)`: a history may be longer than a call's list of arguments. */
function extent(values: readonly number[]): [lowest: number, highest: number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

function lastLine(history: readonly LossPoint[]): string {
  const last = history.at(-1)!;
  const parts = [`training ${short(last.loss, 4)}`];
  if (last.validationLoss !== undefined) parts.push(`validation ${short(last.validationLoss, 4)}`);
  return `after epoch ${last.epoch}: ${parts.join(', ')}`;
}
