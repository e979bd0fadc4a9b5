import { constant, type Expr } from '../graph/expr.js';
import {
  add,
  cast,
  div,
  equal,
  isNan,
  less,
  log,
  maximum,
  mul,
  not,
  sigmoid,
  sqrt,
  stopGradient,
  where,
} from '../graph/ops/elementwise.js';
import { argMax, logSoftmax, softmax, sum } from '../graph/ops/reducing.js';
import { concat, reshape, slice } from '../graph/ops/shaping.js';
import { sizeOf } from '../graph/shape.js';
import { log2Pi } from './draws.js';
import { initializers } from './initializers.js';
import { gumbel, type Likelihood } from './likelihoods.js';
import { losses, sumFeatures } from './losses.js';
import type { Scope } from './scope.js';

/**
 * What the numbers of a table's row mean. A row has one number for each field: first `numbers` standardised numbers,
 * then `booleans` of 0 or 1, then for each category the index of its class. NaN is missing, in any of them.
 *
 * A model sees the row spread out, [batch, features]: numbers, booleans, one-hot classes, and then for each field 1
 * where it is present and 0 where it is missing. What is missing is 0 in front.
 */
export interface FieldLayout {
  readonly numbers: number;
  readonly booleans: number;
  /** Classes of each category; the last one stands for values that training never saw. */
  readonly categories: readonly number[];
  /** Those of the categories whose last class but one stands for all rare values together. */
  readonly rare: readonly number[];
  /** Fields that are missing in some rows of the training data: the encoder is told of these whether they are there. */
  readonly missing: readonly number[];
}

/** Fields of a row. */
export function fieldCount({ numbers, booleans, categories }: FieldLayout): number {
  return numbers + booleans + categories.length;
}

/** Numbers that a decoder gives: a mean, a logit, or a logit for each class. */
export function fieldOutputs({ numbers, booleans, categories }: FieldLayout): number {
  return numbers + booleans + categories.reduce((a, b) => a + b, 0);
}

/** Numbers of a row spread out: values, and whether each field is present. */
export function fieldFeatures(layout: FieldLayout): number {
  return fieldOutputs(layout) + fieldCount(layout);
}

/** The pieces of a tensor [batch, …] by kind; pieces that the layout does not have are left out. */
interface Parts {
  readonly numbers?: Expr;
  readonly booleans?: Expr;
  readonly categories: readonly Expr[];
}

function split(x: Expr, layout: FieldLayout, widths: readonly number[]): Parts {
  const { numbers, booleans } = layout;
  let start = numbers + booleans;
  const categories = widths.map((width) => {
    start += width;
    return slice(x, 1, start - width, start);
  });
  return {
    ...(numbers > 0 && { numbers: slice(x, 1, 0, numbers) }),
    ...(booleans > 0 && { booleans: slice(x, 1, numbers, numbers + booleans) }),
    categories,
  };
}

const oneEach = ({ categories }: FieldLayout) => categories.map(() => 1);

function join(parts: Parts, ...more: readonly Expr[]): Expr {
  const all = [parts.numbers, parts.booleans, ...parts.categories, ...more].filter(
    (part) => part !== undefined,
  );
  return all.length === 1 ? all[0]! : concat(all, 1);
}

/** Rows [batch, fields] spread out, [batch, features]. */
export function expandFields(row: Expr, layout: FieldLayout): Expr {
  const missing = isNan(row);
  const { numbers, booleans, categories } = split(where(missing, 0, row), layout, oneEach(layout));
  const present = cast(not(missing), 'float32');
  const { categories: known } = split(present, layout, oneEach(layout));
  return join(
    {
      ...(numbers && { numbers }),
      ...(booleans && { booleans }),
      categories: categories.map((index, i) => {
        const classes = Float32Array.from({ length: layout.categories[i]! }, (_, k) => k);
        return mul(cast(equal(index, constant(classes, [1, classes.length])), 'float32'), known[i]!);
      }),
    },
    present,
  );
}

/**
 * Rows [batch, fields] from rows spread out: the likeliest class, and booleans as probabilities. What a model makes is a
 * value: never the class for unseen values, and that for rare ones only where there is no other.
 */
export function collapseFields(x: Expr, layout: FieldLayout): Expr {
  const parts = split(x, layout, layout.categories);
  return join({
    ...parts,
    categories: parts.categories.map((scores, i) =>
      reshape(cast(argMax(slice(scores, 1, 0, valueCount(layout, i)), 1), 'float32'), [x.shape[0]!, 1]),
    ),
  });
}

/** Classes of a category that a model may make, the first ones: those of single values. */
function valueCount({ categories, rare }: FieldLayout, category: number): number {
  const seen = categories[category]! - 1;
  return Math.max(rare.includes(category) ? seen - 1 : seen, 1);
}

/**
 * What the encoder is shown. It is not told of fields that were never missing in training whether they are there, nor
 * of the class for unseen values: it has learned nothing about either.
 */
export function visibleFields(x: Expr, layout: FieldLayout): Expr {
  const seen = new Float32Array(fieldFeatures(layout)).fill(1);
  let end = layout.numbers + layout.booleans;
  for (const classes of layout.categories) {
    end += classes;
    seen[end - 1] = 0;
  }
  for (let field = 0; field < fieldCount(layout); field++) {
    if (!layout.missing.includes(field)) seen[end + field] = 0;
  }
  return seen.every((value) => value === 1) ? x : mul(x, constant(seen, [1, seen.length]));
}

/** 1 for each feature that was observed, 0 for those that were missing and for the marks of presence themselves. */
export function observedFields(x: Expr, layout: FieldLayout): Expr {
  const present = split(presence(x, layout), layout, oneEach(layout));
  const wide = present.categories.map((mask, i) => mul(mask, constant(1, [1, layout.categories[i]!])));
  const marks = mul(presence(x, layout), 0);
  return join({ ...present, categories: wide }, marks);
}

function presence(x: Expr, layout: FieldLayout): Expr {
  return slice(x, 1, fieldOutputs(layout), fieldFeatures(layout));
}

/**
 * The deviance of whole rows, [batch, 1]: that of the fields that are present, [batch, fields], added up and extended to
 * all of them, so that rows with gaps compare with others.
 */
export function rowDeviance(deviances: Expr, x: Expr, layout: FieldLayout): Expr {
  const present = sum(presence(x, layout), 1, true);
  return div(mul(sum(deviances, 1, true), fieldCount(layout)), maximum(present, 1));
}

/** How fast the variances follow the residuals, and how small they may become. */
const momentum = 0.98;
/** A standard deviation of 0.05 of a column's own: below it lies noise of measurement and rounding. */
const smallestVariance = 0.0025;

/**
 * The likelihood of each field by itself: Gaussian for numbers, Bernoulli for booleans, categorical for categories.
 * Missing fields count nothing.
 *
 * The variance of each number is the mean square of its residuals in training, a running mean over batches: the
 * variance that maximises the likelihood, in closed form (Rybkin et al. 2021), so that it needs no learning rate.
 */
export function fieldLikelihood(layout: FieldLayout): Likelihood {
  const variance = (scope: Scope) => scope.state('variance', [1, layout.numbers], initializers.ones);

  const deviances = (x: Expr, output: Expr, scope: Scope): Expr => {
    const values = split(x, layout, layout.categories);
    const present = split(presence(x, layout), layout, oneEach(layout));
    const given = split(output, layout, layout.categories);
    return join({
      ...(values.numbers && {
        numbers: div(residuals(values.numbers, given.numbers!, present.numbers!), variance(scope)),
      }),
      ...(values.booleans && {
        booleans: mul(mul(losses.bce(values.booleans, given.booleans!), present.booleans!), 2),
      }),
      // One-hot classes of what is missing are all 0.
      categories: values.categories.map((classes, i) =>
        mul(sum(mul(classes, logSoftmax(given.categories[i]!)), 1, true), -2),
      ),
    });
  };

  const constants = (x: Expr, scope: Scope): Expr => {
    if (layout.numbers === 0) return mul(sumFeatures(presence(x, layout)), 0);
    const present = slice(presence(x, layout), 1, 0, layout.numbers);
    return mul(sumFeatures(mul(add(log(variance(scope)), log2Pi), present)), 0.5);
  };

  return {
    deviances,
    constants,
    negativeLogLikelihood(x, output, scope) {
      const half = mul(sumFeatures(deviances(x, output, scope)), 0.5);
      if (layout.numbers === 0) return half;
      if (scope.training) {
        const present = slice(presence(x, layout), 1, 0, layout.numbers);
        const squares = residuals(
          slice(x, 1, 0, layout.numbers),
          slice(output, 1, 0, layout.numbers),
          present,
        );
        scope.update('variance', nextVariance(variance(scope), squares, present));
      }
      return add(half, constants(x, scope));
    },
    outputs: fieldOutputs(layout),
    visible: (x) => visibleFields(x, layout),
    observed: (x) => observedFields(x, layout),
    mean(output) {
      const { booleans, categories, ...rest } = split(output, layout, layout.categories);
      const known = {
        ...rest,
        ...(booleans && { booleans: sigmoid(booleans) }),
        categories: categories.map((scores) => softmax(scores)),
      };
      return join(known, allPresent(output, layout));
    },
    sample(output, scope) {
      const { numbers, booleans, categories } = split(output, layout, layout.categories);
      return join(
        {
          ...(numbers && {
            numbers: add(
              numbers,
              mul(scope.noise('numbers', 'normal', numbers.shape), sqrt(variance(scope))),
            ),
          }),
          ...(booleans && {
            booleans: cast(
              less(scope.noise('booleans', 'uniform', booleans.shape), sigmoid(booleans)),
              'float32',
            ),
          }),
          categories: categories.map((scores, i) =>
            drawn(scores, valueCount(layout, i), scope, `category${i}`),
          ),
        },
        allPresent(output, layout),
      );
    },
    support: [-Infinity, Infinity],
    range: [-Infinity, Infinity],
  };
}

/** A draw among the first classes, one-hot over all of them. */
function drawn(scores: Expr, count: number, scope: Scope, name: string): Expr {
  const draw = gumbel(slice(scores, 1, 0, count), scope, name);
  const all = sizeOf(scores.shape.slice(1));
  return count === all ? draw : concat([draw, mul(slice(scores, 1, count, all), 0)], 1);
}

/** Squared residuals, 0 where a number is missing. */
function residuals(values: Expr, means: Expr, present: Expr): Expr {
  return mul(losses.mse(values, means), present);
}

/** Marks that say of every field that it is there, [batch, fields]. */
function allPresent(output: Expr, layout: FieldLayout): Expr {
  const first = slice(output, 1, 0, 1);
  return mul(add(mul(first, 0), 1), constant(1, [1, fieldCount(layout)]));
}

/** The running mean of squared residuals; a column without a value in the batch keeps what it had. */
function nextVariance(now: Expr, squares: Expr, present: Expr): Expr {
  const count = sum(present, 0, true);
  const batch = div(sum(squares, 0, true), maximum(count, 1));
  const blended = add(mul(now, momentum), mul(maximum(batch, smallestVariance), 1 - momentum));
  return stopGradient(where(less(count, 0.5), now, blended));
}
