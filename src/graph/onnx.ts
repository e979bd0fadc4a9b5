import { create, toBinary } from '@bufbuild/protobuf';
import { type Emitter, mlDomain, type OnnxAttribute } from './emitter.js';
import { type ConstantData, type Expr, inputName, topological, toTyped } from './expr.js';
import { onnxDType } from './ops/elementwise.js';
import { optimize } from './optimize.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './proto/onnx_pb.js';
import { type DType, formatShape, type Shape, ShapeError, sizeOf } from './shape.js';

/** The version of ONNX's operator set that graphs are written in; it runs on every runtime we know. */
export const opset = 17;
const irVersion = 8n;
const mlOpset = 3n;

/** What `toOnnx` writes. */
export interface OnnxModel {
  /** The graph's name. */
  readonly name: string;
  readonly outputs: Readonly<Record<string, Expr>>;
  /** Input names, as in the file, in the order wanted; inputs that are not named follow as they are met. */
  readonly inputs?: readonly string[];
  /** What inputs are called in the file, where it is not what they are called in the expressions. */
  readonly inputNames?: ReadonlyMap<string, string>;
  /** Values of inputs that are fixed in the model (trained weights): they become initializers. */
  readonly initializers?: ReadonlyMap<string, Float32Array>;
  /** Documentation of inputs and outputs, by name. */
  readonly docs?: Readonly<Record<string, string>>;
  /** Documentation of the whole model. */
  readonly doc?: string;
  /** Free key-value pairs, which ONNX tools show. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Optimizes the expressions and writes them as a binary ONNX model (opset 17, IR version 8). */
export function toOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const optimized = optimize(Object.values(model.outputs));
  const names = Object.keys(model.outputs);
  return writeOnnx({ ...model, outputs: Object.fromEntries(names.map((name, i) => [name, optimized[i]!])) });
}

/** Writes the expressions as they stand. */
export function writeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new GraphWriter(model);
  writer.write(Object.keys(model.outputs), Object.values(model.outputs));
  const proto = create(ModelProtoSchema, {
    irVersion,
    producerName: 'autoencoder',
    docString: model.doc ?? '',
    opsetImport: [
      { domain: '', version: BigInt(opset) },
      ...(writer.nodes.some(({ domain }) => domain === mlDomain)
        ? [{ domain: mlDomain, version: mlOpset }]
        : []),
    ],
    metadataProps: Object.entries(model.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: {
      name: model.name,
      node: writer.nodes,
      initializer: [...writer.initializers.values()],
      input: writer.inputs(model.inputs ?? []),
      output: writer.outputs,
    },
  });
  return toBinary(ModelProtoSchema, proto);
}

class GraphWriter implements Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers = new Map<string, TensorProto>();
  readonly outputs: ValueInfoProto[] = [];
  private readonly inputInfos = new Map<string, ValueInfoProto>();
  private readonly values = new Map<Expr, string>();
  private readonly shared = new Map<string, string>();
  /** Names that are spoken for: inputs and outputs, then all that is between them. */
  private readonly taken = new Set<string>();
  private current: Expr | undefined;

  constructor(private readonly model: OnnxModel) {}

  write(names: readonly string[], outputs: readonly Expr[]): void {
    const nodes = topological(outputs);
    for (const name of names) this.taken.add(name);
    for (const node of nodes) {
      const name = inputName(node);
      if (name !== undefined && !this.model.initializers?.has(name)) this.taken.add(this.publicName(name));
    }
    for (const node of nodes) {
      this.current = node;
      const inputs = node.inputs.map((input) => this.values.get(input)!);
      const name = inputName(node);
      this.values.set(
        node,
        name === undefined
          ? node.row.onnx(this, inputs, node, node.attributes)
          : this.declareInput(name, node),
      );
    }
    this.nameOutputs(names, outputs);
  }

  /** A name for what is inside the graph, where names of inputs and outputs, which users choose, go first. */
  private inner(name: string): string {
    let free = name;
    while (this.taken.has(free)) free += '_';
    this.taken.add(free);
    return free;
  }

  private publicName(name: string): string {
    return this.model.inputNames?.get(name) ?? name;
  }

  /** The declared inputs, the wanted ones first. */
  inputs(wanted: readonly string[]): ValueInfoProto[] {
    const rest = [...this.inputInfos.keys()].filter((name) => !wanted.includes(name));
    return [...wanted, ...rest].flatMap((name) => this.inputInfos.get(name) ?? []);
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: typeof mlDomain | '' = '',
  ): string {
    const place = this.current?.place;
    const output = this.inner(`${place ? `${place}/` : ''}${type}_${this.nodes.length}`);
    const attribute = Object.entries(attributes).map(([name, value]) => toAttribute(name, value));
    this.nodes.push(
      create(NodeProtoSchema, {
        name: output,
        opType: type,
        input: [...inputs],
        output: [output],
        attribute,
        domain,
      }),
    );
    return output;
  }

  constant(data: ConstantData, shape: readonly number[], dtype: DType): string {
    const values = typeof data === 'number' ? toTyped([data], dtype) : data;
    const filled =
      values.length === sizeOf(shape) ? values : toTyped(new Array(sizeOf(shape)).fill(values[0]), dtype);
    return this.initializer(bytesOf(filled), shape, onnxDType[dtype]);
  }

  integers(values: readonly number[]): string {
    return this.initializer(bytesOf(BigInt64Array.from(values, BigInt)), [values.length], 7);
  }

  doubles(values: readonly number[], shape: readonly number[]): string {
    return this.initializer(bytesOf(Float64Array.from(values)), shape, onnxDType.float64);
  }

  bigint(value: bigint): string {
    return this.initializer(bytesOf(BigInt64Array.of(value)), [], onnxDType.int64);
  }

  private initializer(rawData: Uint8Array, shape: readonly number[], dataType: number): string {
    const key = `${dataType} ${shape} ${rawData.length <= 64 ? rawData : `#${this.initializers.size}`}`;
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const name = this.inner(`constant_${this.initializers.size}`);
    this.initializers.set(
      name,
      create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType, rawData }),
    );
    this.shared.set(key, name);
    return name;
  }

  private declareInput(name: string, node: Expr): string {
    const values = this.model.initializers?.get(name);
    if (values === undefined) {
      const given = this.publicName(name);
      this.inputInfos.set(given, valueInfo(given, node, this.docOf(given)));
      return given;
    }
    if (values.length !== sizeOf(node.shape))
      throw new ShapeError(
        `toOnnx: ${values.length} numbers given for '${name}' of shape ${formatShape(node.shape)}`,
      );
    const stored = this.inner(name);
    const dims = (node.shape as readonly number[]).map(BigInt);
    const rawData = bytesOf(values);
    this.initializers.set(
      stored,
      create(TensorProtoSchema, { name: stored, dims, dataType: onnxDType[node.dtype], rawData }),
    );
    return stored;
  }

  /** Names are a user's, and every object has a toString. */
  private docOf(name: string): string | undefined {
    const { docs = {} } = this.model;
    return Object.hasOwn(docs, name) ? docs[name] : undefined;
  }

  /** Results carry the names that the caller gave. An input, or a result wanted twice, is copied to its name. */
  private nameOutputs(names: readonly string[], outputs: readonly Expr[]): void {
    const produced = new Set(this.nodes.flatMap((node) => node.output));
    const renamed = new Map<string, string>();
    outputs.forEach((node, i) => {
      const name = names[i]!;
      if (this.inputInfos.has(name))
        throw new Error(`toOnnx: '${name}' names both an input and an output; give the output another name`);
      const value = this.values.get(node)!;
      if (produced.has(value) && !renamed.has(value)) renamed.set(value, name);
      else
        this.nodes.push(
          create(NodeProtoSchema, { name, opType: 'Identity', input: [value], output: [name] }),
        );
      this.outputs.push(valueInfo(name, node, this.docOf(name)));
    });
    const rename = (value: string) => renamed.get(value) ?? value;
    for (const node of this.nodes) {
      node.input = node.input.map(rename);
      node.output = node.output.map(rename);
    }
  }
}

function valueInfo(name: string, node: { shape: Shape; dtype: DType }, doc = ''): ValueInfoProto {
  const dim = node.shape.map((length) => ({
    value:
      typeof length === 'number'
        ? ({ case: 'dimValue', value: BigInt(length) } as const)
        : ({ case: 'dimParam', value: length } as const),
  }));
  return create(ValueInfoProtoSchema, {
    name,
    docString: doc,
    type: { value: { case: 'tensorType', value: { elemType: onnxDType[node.dtype], shape: { dim } } } },
  });
}

function toAttribute(name: string, value: OnnxAttribute): AttributeProto {
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...value.floats] });
  if ('strings' in value) {
    const strings = value.strings.map((text) => new TextEncoder().encode(text));
    return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
