import { type Expr, inputName, topological } from './expr.js';
import type { Cut } from './ops/shaping.js';

/**
 * What a node has to do with the rows of a batch: nothing; a row of its own for each of them (axis 0); a mean over
 * them, plus what has nothing to do with them; or anything else.
 */
type Kind = 'free' | 'rows' | 'mean' | 'mixed';

/** Element by element, with broadcasting. */
const elementwise = new Set([
  ...['add', 'sub', 'mul', 'div', 'neg', 'pow', 'maximum', 'minimum', 'greater', 'greaterOrEqual', 'less'],
  ...['lessOrEqual', 'equal', 'and', 'or', 'not', 'isNan', 'where', 'cast', 'exp', 'log', 'sin', 'sqrt'],
  ...['log1p', 'abs', 'sign', 'floor', 'clip', 'stopGradient', 'tanh', 'sigmoid', 'erf', 'softplus', 'relu'],
  ...['leakyRelu', 'elu'],
]);

/** Linear in all their inputs together: the mean of results is the result of means. */
const linear = new Set([
  'add',
  'sub',
  'neg',
  'sum',
  'mean',
  'reshape',
  'transpose',
  'concat',
  'slice',
  'flip',
]);

/** Each row of the result from the same row of the first input, whatever the others are, if they are of no row. */
const windowed = new Set(['conv', 'convTranspose', 'maxPool', 'averagePool', 'upsample']);

/**
 * Whether outputs are means over the rows of a batch, so that the mean over equal parts of the batch gives the same,
 * and gradients likewise. Conservative: `false` where it cannot be seen from the graph.
 * @param rows the names of the inputs that have a row for each row of the batch, on axis 0
 */
export function areMeansOverRows(outputs: readonly Expr[], rows: ReadonlySet<string>): boolean {
  const kinds = new Map<Expr, Kind>();
  for (const node of topological(outputs)) {
    const name = inputName(node);
    if (name !== undefined) kinds.set(node, rows.has(name) ? 'rows' : 'free');
    else
      kinds.set(
        node,
        kindOf(
          node,
          node.inputs.map((input) => kinds.get(input)!),
        ),
      );
  }
  return outputs.every((output) => ['mean', 'free'].includes(kinds.get(output)!));
}

function kindOf(node: Expr, kinds: readonly Kind[]): Kind {
  if (kinds.every((kind) => kind === 'free')) return 'free';
  if (kinds.includes('mixed')) return 'mixed';
  if (!kinds.includes('mean')) return kindOfRows(node, kinds);
  return !kinds.includes('rows') && isLinear(node, kinds) ? 'mean' : 'mixed';
}

function isLinear({ row }: Expr, kinds: readonly Kind[]): boolean {
  if (row.name === 'mul') return kinds.filter((kind) => kind === 'mean').length === 1;
  if (row.name === 'div') return kinds[1] === 'free';
  return linear.has(row.name);
}

function kindOfRows(node: Expr, kinds: readonly Kind[]): Kind {
  const { row, inputs, attributes } = node;
  const [first] = inputs as [Expr];
  const kept = (yes: boolean): Kind => (yes ? 'rows' : 'mixed');
  const onlyFirst = kinds.every((kind, i) => (kind === 'rows') === (i === 0));
  const away = (axes: unknown) => !(axes as readonly number[]).includes(0);
  if (elementwise.has(row.name)) return kept(inputs.every((input, i) => alignsRows(node, input, kinds[i]!)));
  if (windowed.has(row.name)) return kept(onlyFirst);
  switch (row.name) {
    case 'mean':
      return away(attributes.axes) ? 'rows' : 'mean';
    case 'sum':
    case 'sumOfSquares':
    case 'max':
    case 'flip':
      return kept(away(attributes.axes));
    case 'softmax':
    case 'logSoftmax':
    case 'argMax':
      return kept(attributes.axis !== 0);
    case 'concat':
      return kept(attributes.axis !== 0 && kinds.every((kind) => kind === 'rows'));
    case 'reshape':
      return kept(node.shape[0] === first.shape[0]);
    case 'transpose':
      return kept((attributes.order as readonly number[])[0] === 0);
    case 'slice':
      return kept(away((attributes.cuts as readonly Cut[]).map(({ axis }) => axis)));
    case 'pad':
      return kept(node.shape[0] === first.shape[0]);
    case 'matMul':
      return kept(inputs.every((input, i) => isFactor(node, input, kinds[i]!, i)));
    case 'gemm':
      return kept(onlyFirst && attributes.transA === false && inputs.slice(2).every(isSharedByRows(node)));
    default:
      return 'mixed';
  }
}

/** Whether an operand of an element-wise operation meets each row with that row of its own, or all rows alike. */
function alignsRows(node: Expr, input: Expr, kind: Kind): boolean {
  return kind === 'rows' ? input.rank === node.rank : isSharedByRows(node)(input);
}

const isSharedByRows = (node: Expr) => (input: Expr) => input.rank < node.rank || input.shape[0] === 1;

/** Whether a factor of a product has its rows where the product has them. */
function isFactor(node: Expr, input: Expr, kind: Kind, position: number): boolean {
  // Of matrices, the axis 0 of the second factor is summed over.
  if (kind === 'rows') return input.rank === node.rank && (node.rank > 2 || position === 0);
  return input.rank < node.rank || input.shape[0] === 1 || (node.rank === 2 && position === 1);
}
