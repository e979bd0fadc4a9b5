import { type Expr, inPlace, input } from '../graph/expr.js';
import { add, stopGradient } from '../graph/ops/elementwise.js';
import { formatShape, type Shape, ShapeError, sameShape } from '../graph/shape.js';
import type { NoiseKind } from '../random/fill.js';
import type { Initializer } from './initializers.js';

/** A tensor that a model keeps: a weight that is trained, or state that the model itself updates. */
export interface Variable {
  readonly expr: Expr;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  readonly trainable: boolean;
}

/** A tensor of fresh noise for every step. */
export interface Noise {
  readonly expr: Expr;
  readonly kind: NoiseKind;
  readonly shape: Shape;
}

interface Records {
  readonly variables: Map<string, Variable>;
  readonly noises: Map<string, Noise>;
  readonly scalars: Map<string, Expr>;
  readonly updates: Map<string, Expr>;
  readonly penalties: Map<string, Expr>;
  readonly rivals: Expr[];
  readonly condition: Expr | undefined;
}

/**
 * Where a model that is being built finds its variables by name. Building the same model twice, for training and
 * for export, asks for the same names and so means the same weights.
 */
export class Scope {
  private constructor(
    /** True while the graph that learns is built: dropout, noise and batch statistics are on. */
    readonly training: boolean,
    private readonly path: string,
    private readonly records: Records,
    private readonly isFrozen = false,
  ) {}

  /**
   * The scope of a whole model.
   * @param condition what a conditional model is told of each sample, [batch, …]
   */
  static root({ training, condition }: { training: boolean; condition?: Expr }): Scope {
    const records = {
      variables: new Map(),
      noises: new Map(),
      scalars: new Map(),
      updates: new Map(),
      penalties: new Map(),
      rivals: [],
      condition,
    };
    return new Scope(training, '', records);
  }

  /** Builds a part of the model under a name: `encoder`, then `encoder.0`. */
  in<T>(name: string, build: (scope: Scope) => T): T {
    return inPlace(name, () =>
      build(new Scope(this.training, this.nameOf(name), this.records, this.isFrozen)),
    );
  }

  /**
   * The same scope, whose weights are constants to gradients: what is built with it is judged by a network without
   * teaching that network.
   */
  get frozen(): Scope {
    return new Scope(this.training, this.path, this.records, true);
  }

  /** The same scope for a part that is to compute what it will when training is over: without dropout and noise. */
  get inference(): Scope {
    return new Scope(false, this.path, this.records, this.isFrozen);
  }

  /** A trained weight. */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Expr {
    const weight = this.variable(name, shape, initializer, true);
    return this.isFrozen ? stopGradient(weight) : weight;
  }

  /** A tensor that is kept and saved with the weights but not trained, such as a running mean. */
  state(name: string, shape: readonly number[], initializer: Initializer): Expr {
    return this.variable(name, shape, initializer, false);
  }

  /**
   * The value that a state has after this training step. Of a network that is applied more than once in a step, the first
   * application counts: that to the data, before any to what the model itself has made.
   */
  update(name: string, value: Expr): void {
    const full = this.nameOf(name);
    if (!this.records.updates.has(full)) this.records.updates.set(full, value);
  }

  /** Fresh noise at every step. */
  noise(name: string, kind: NoiseKind, shape: Shape): Expr {
    const full = `noise.${this.nameOf(name)}`;
    const known = this.records.noises.get(full);
    if (known !== undefined) return sameAsBefore(full, known, shape);
    const expr = input(full, shape);
    this.records.noises.set(full, { expr, kind, shape });
    return expr;
  }

  /** A number that a schedule sets at every step, such as the weight of the KL term. */
  scalar(name: string): Expr {
    const known = this.records.scalars.get(name);
    if (known !== undefined) return known;
    const expr = input(name, []);
    this.records.scalars.set(name, expr);
    return expr;
  }

  /** What a conditional model is told of each sample: its class, one-hot, [batch, classes]. */
  get condition(): Expr {
    const { condition } = this.records;
    if (condition === undefined) throw new Error('a conditional model is built without a condition');
    return condition;
  }

  /**
   * A scalar that is added to the training loss, such as weight decay. Of a network that is applied more than once in a
   * step it counts once, and not where its weights are frozen.
   */
  penalty(name: string, value: Expr): void {
    const full = this.nameOf(name);
    if (!this.isFrozen && !this.records.penalties.has(full)) this.records.penalties.set(full, value);
  }

  /**
   * A scalar that training minimises as well, but that is no part of the loss that is reported: what a rival network, such
   * as a discriminator, learns by. Whoever builds it sees to it that its gradient reaches the rival's weights alone.
   */
  rival(value: Expr): void {
    this.records.rivals.push(value);
  }

  /** The sum of what rivals learn by, `null` where there are none. */
  get rivals(): Expr | null {
    return sumOf(this.records.rivals);
  }

  /** The sum of all penalties, `null` where there are none. */
  get penalties(): Expr | null {
    return sumOf([...this.records.penalties.values()]);
  }

  get variables(): ReadonlyMap<string, Variable> {
    return this.records.variables;
  }

  get noises(): ReadonlyMap<string, Noise> {
    return this.records.noises;
  }

  get scalars(): ReadonlyMap<string, Expr> {
    return this.records.scalars;
  }

  get updates(): ReadonlyMap<string, Expr> {
    return this.records.updates;
  }

  private variable(
    name: string,
    shape: readonly number[],
    initializer: Initializer,
    trainable: boolean,
  ): Expr {
    const full = this.nameOf(name);
    const known = this.records.variables.get(full);
    if (known !== undefined) return sameAsBefore(full, known, shape);
    const expr = input(full, shape);
    this.records.variables.set(full, { expr, shape, initializer, trainable });
    return expr;
  }

  private nameOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function sumOf(values: readonly Expr[]): Expr | null {
  return values.length === 0 ? null : values.reduce((a, b) => add(a, b));
}

/** A name that is asked for again means the same tensor, so it must have the same shape. */
function sameAsBefore(name: string, known: { expr: Expr; shape: Shape }, shape: Shape): Expr {
  if (sameShape(known.shape, shape)) return known.expr;
  throw new ShapeError(
    `'${name}' is used with shape ${formatShape(known.shape)} and with ${formatShape(shape)}: give the second its own scope`,
  );
}
