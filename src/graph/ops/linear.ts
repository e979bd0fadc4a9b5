import { type Attributes, asExpr, type Expr, type Operand, type Operation, operation } from '../expr.js';
import { broadcast, formatShape, ShapeError } from '../shape.js';
import { expectFloats } from './elementwise.js';
import { sumTo } from './reducing.js';
import { transpose } from './shaping.js';

function swapLast(x: Expr): Expr {
  return transpose(
    x,
    x.shape.map((_, axis) => (axis < x.rank - 2 ? axis : 2 * x.rank - 3 - axis)),
  );
}

/** The matrix product over the last two axes; leading axes broadcast. */
export const matMul: Operation<[a: Operand, b: Operand]> = operation<Attributes, [Operand, Operand]>(
  {
    name: 'matMul',
    type([a, b]) {
      expectFloats([a!, b!]);
      const lead =
        a!.rank >= 2 && b!.rank >= 2 ? broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2)) : null;
      if (lead === null || a!.shape[a!.rank - 1] !== b!.shape[b!.rank - 2]) {
        throw new ShapeError(
          `the inner axes of ${formatShape(a!.shape)} · ${formatShape(b!.shape)} do not match`,
        );
      }
      return { shape: [...lead, a!.shape[a!.rank - 2]!, b!.shape[b!.rank - 1]!], dtype: a!.dtype };
    },
    onnx: (emit, inputs) => emit.node('MatMul', inputs),
    vjp: (g, [a, b]) => [sumTo(matMul(g, swapLast(b!)), a!.shape), sumTo(matMul(swapLast(a!), g), b!.shape)],
  },
  (a, b) => [[a, b], {}],
);

/** How `gemm` reads its operands. */
export interface GemmOptions {
  /** Read `a` transposed. */
  readonly transA?: boolean;
  /** Read `b` transposed. */
  readonly transB?: boolean;
  /** A factor on the product. */
  readonly alpha?: number;
}

interface Gemm extends Attributes {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
}

/** alpha · A · B + c for matrices, each of A and B read transposed where asked; `c` broadcasts. */
export const gemm: Operation<[a: Operand, b: Operand, c?: Operand | null, options?: GemmOptions]> = operation<
  Gemm,
  [Operand, Operand, (Operand | null)?, GemmOptions?]
>(
  {
    name: 'gemm',
    type([a, b, c], { transA, transB }) {
      expectFloats(c === undefined ? [a!, b!] : [a!, b!, c]);
      if (a!.rank !== 2 || b!.rank !== 2) throw new ShapeError('two matrices are expected');
      const [rows, innerA] = transA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
      const [innerB, columns] = transB ? [b!.shape[1]!, b!.shape[0]!] : [b!.shape[0]!, b!.shape[1]!];
      if (innerA !== innerB) throw new ShapeError(`the inner axes ${innerA} and ${innerB} do not match`);
      const shape = [rows, columns];
      const fits = c === undefined || (c.rank <= 2 && String(broadcast(c.shape, shape)) === String(shape));
      if (!fits)
        throw new ShapeError(
          `the addend ${formatShape(c.shape)} does not broadcast to ${formatShape(shape)}`,
        );
      return { shape, dtype: a!.dtype };
    },
    onnx: (emit, inputs, _node, { transA, transB, alpha }) =>
      emit.node('Gemm', inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } }),
    vjp(g, [a, b, c], _y, { transA, transB, alpha }) {
      const ga = transA
        ? gemm(b!, g, null, { transA: transB, transB: true, alpha })
        : gemm(g, b!, null, { transB: !transB, alpha });
      const gb = transB
        ? gemm(g, a!, null, { transA: true, transB: transA, alpha })
        : gemm(a!, g, null, { transA: !transA, alpha });
      return c === undefined ? [ga, gb] : [ga, gb, g];
    },
  },
  (a, b, c = null, { transA = false, transB = false, alpha = 1 } = {}) => [
    c === null ? [a, b] : [a, b, asExpr(c)],
    { transA, transB, alpha },
  ],
);
