import { constant, type Expr, explaining, inPlace, topological } from './expr.js';
import { add } from './ops/elementwise.js';
import { sumTo } from './ops/reducing.js';
import { formatShape, ShapeError, sizeOf } from './shape.js';

/**
 * The gradient of a scalar with respect to each of `targets`, as expressions: reverse-mode differentiation that
 * rewrites the graph, so that gradients can be differentiated again.
 *
 * A target that does not influence the loss has a gradient of zeros.
 * @throws {ShapeError} when `loss` is not a scalar
 */
export function gradient<const T extends readonly Expr[]>(loss: Expr, targets: T): { [K in keyof T]: Expr } {
  if (loss.rank !== 0)
    throw new ShapeError(
      `gradient: a scalar loss is expected, got shape ${formatShape(loss.shape)}; reduce it with sum or mean`,
    );
  const order = topological([loss]);
  const relevant = influencedBy(order, targets);
  const gradients = new Map<Expr, Expr>([[loss, constant(1)]]);
  for (const node of order.reverse()) {
    const g = gradients.get(node);
    const { vjp, name } = node.row;
    if (g === undefined || vjp === null || !relevant.has(node)) continue;
    const rule = () => vjp(g, node.inputs, node, node.attributes);
    const parts = inPlace(node.place, () => explaining(`gradient of ${name}`, node.inputs, rule));
    node.inputs.forEach((input, i) => {
      const part = parts[i];
      if (!part || !relevant.has(input)) return;
      const summed = sumTo(part, input.shape);
      const before = gradients.get(input);
      gradients.set(input, before === undefined ? summed : add(before, summed));
    });
  }
  const found = targets.map((target) => gradients.get(target) ?? constant(0, knownShape(target)));
  return found as { [K in keyof T]: Expr };
}

function knownShape(target: Expr): number[] {
  return target.shape.map((dim) => sizeOf([dim]));
}

/** The nodes through which a target reaches the loss: only along these need gradients be built. */
function influencedBy(order: readonly Expr[], targets: readonly Expr[]): Set<Expr> {
  const reached = new Set<Expr>(targets);
  for (const node of order) if (node.inputs.some((input) => reached.has(input))) reached.add(node);
  return reached;
}
