/** Rows of numbers, `[points, width]`, and the class of each. */
export interface Labelled {
  readonly inputs: Float64Array;
  readonly classes: Int32Array;
}

const steps = 500;
const rate = 1;
const momentum = 0.9;

/**
 * The share of test points that multinomial logistic regression gets right: inputs standardised by the training points,
 * learned on all of them at once by gradient descent with momentum.
 */
export function linearAccuracy(train: Labelled, test: Labelled, width: number, classes: number): number {
  const scale = scaling(train.inputs, width);
  const inputs = scale(train.inputs);
  const count = train.classes.length;
  const columns = width + 1;
  const weights = new Float64Array(classes * columns);
  const velocity = new Float64Array(classes * columns);
  const scores = new Float64Array(classes);
  const gradient = new Float64Array(classes * columns);
  for (let step = 0; step < steps; step++) {
    gradient.fill(0);
    for (let i = 0; i < count; i++) {
      scoresOf(weights, inputs, i, width, scores);
      const largest = Math.max(...scores);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
      for (let c = 0; c < classes; c++) {
        const error = (Math.exp(scores[c]! - largest) / total - (train.classes[i] === c ? 1 : 0)) / count;
        for (let k = 0; k < width; k++) gradient[c * columns + k]! += error * inputs[i * width + k]!;
        gradient[c * columns + width]! += error;
      }
    }
    for (let w = 0; w < weights.length; w++) {
      velocity[w] = momentum * velocity[w]! - rate * gradient[w]!;
      weights[w]! += velocity[w]!;
    }
  }
  const judged = scale(test.inputs);
  let right = 0;
  test.classes.forEach((wanted, i) => {
    scoresOf(weights, judged, i, width, scores);
    if (scores.indexOf(Math.max(...scores)) === wanted) right++;
  });
  return right / test.classes.length;
}

function scoresOf(
  weights: Float64Array,
  inputs: Float64Array,
  row: number,
  width: number,
  scores: Float64Array,
): Float64Array {
  for (let c = 0; c < scores.length; c++) {
    const first = c * (width + 1);
    let score = weights[first + width]!;
    for (let k = 0; k < width; k++) score += weights[first + k]! * inputs[row * width + k]!;
    scores[c] = score;
  }
  return scores;
}

/** What brings columns to mean 0 and deviation 1; constant ones to 0. */
function scaling(inputs: Float64Array, width: number): (rows: Float64Array) => Float64Array {
  const count = inputs.length / width;
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  inputs.forEach((value, at) => {
    mean[at % width]! += value / count;
  });
  inputs.forEach((value, at) => {
    variance[at % width]! += (value - mean[at % width]!) ** 2 / count;
  });
  return (rows) =>
    rows.map((value, at) => {
      const k = at % width;
      return variance[k]! > 0 ? (value - mean[k]!) / Math.sqrt(variance[k]!) : 0;
    });
}
