import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type * as ort from 'onnxruntime-node';
import {
  ModelProtoSchema,
  NodeProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from '../../graph/proto/onnx_pb.js';
import type { Side } from '../fused/optimizer.js';
import type { SessionCache } from './sessionCache.js';

// The binding of ONNX Runtime for Node copies every output of a run into fresh memory for its caller, also those
// that were written into arrays given beforehand. For gradients that is a second pass over as many bytes as the
// model has weights, and garbage to collect. A run that stops between computing and copying avoids both: the first
// output here is a sequence, which the binding cannot convert and says so by an error, once all results are in place.

const marker = 'done';

/** The same model with a first output that the binding cannot convert. */
function withMarker(model: Uint8Array): Uint8Array<ArrayBuffer> {
  const proto = fromBinary(ModelProtoSchema, model);
  const graph = proto.graph!;
  const [first] = graph.output;
  graph.node.push(
    create(NodeProtoSchema, {
      opType: 'SequenceConstruct',
      input: [first!.name],
      output: [marker],
      name: marker,
    }),
  );
  const elemType = create(TypeProtoSchema, { value: { case: 'tensorType', value: { elemType: 1 } } });
  graph.output.unshift(
    create(ValueInfoProtoSchema, {
      name: marker,
      type: create(TypeProtoSchema, { value: { case: 'sequenceType', value: { elemType } } }),
    }),
  );
  return toBinary(ModelProtoSchema, proto);
}

/** Tensors by the names of a graph's inputs or outputs. */
export type TensorMap = Readonly<Record<string, ort.Tensor>>;

/** The tensors that a run reads and writes. */
export interface Binding {
  readonly feeds: TensorMap;
  readonly fetches: TensorMap;
}

/** A program bound to arrays: the weights stand on one of two sides, and a run is for one of them. */
export type BoundRun = (side: Side) => Promise<void>;

type Bindings = readonly [Binding, Binding];

/**
 * A run of a training program on fixed arrays, by the quiet way where this version of ONNX Runtime allows it. That
 * is tried, not assumed: a first run must leave finite numbers in `probe`, one of the arrays that it writes.
 */
export async function bindQuietRun(
  model: Uint8Array,
  sessions: SessionCache,
  bindings: Bindings,
  probe: Float32Array,
  threads?: number,
): Promise<BoundRun> {
  const quiet = await sessions.get(withMarker(model), threads);
  const bound = bindings.map(({ feeds, fetches }) => ({
    feeds: pick(feeds, quiet.inputNames),
    // The marker comes first, or outputs before it would be copied.
    fetches: {
      [marker]: null,
      ...pick(
        fetches,
        quiet.outputNames.filter((name) => name !== marker),
      ),
    },
  }));
  let refusal: string | undefined;
  const run = async (side: Side) => {
    // The error is no surprise: where it came from need not be found out at every step.
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      await quiet.run(bound[side]!.feeds, bound[side]!.fetches);
    } catch (error) {
      const { message } = error as Error;
      refusal ??= message;
      if (message !== refusal) throw error;
    } finally {
      Error.stackTraceLimit = depth;
    }
  };
  probe.fill(Number.NaN);
  await run(0);
  // Whatever else went wrong, an ordinary run will say it.
  return probe.every(Number.isFinite) ? run : bindRun(model, sessions, bindings, threads);
}

/** The same by an ordinary run. */
export async function bindRun(
  model: Uint8Array,
  sessions: SessionCache,
  bindings: Bindings,
  threads?: number,
): Promise<BoundRun> {
  const session = await sessions.get(model, threads);
  const bound = bindings.map(({ feeds, fetches }) => ({
    feeds: pick(feeds, session.inputNames),
    fetches: pick(fetches, session.outputNames),
  }));
  return async (side) => {
    await session.run(bound[side]!.feeds, bound[side]!.fetches);
  };
}

/** The tensors that a graph declares: it leaves out inputs that no output needs. */
function pick(tensors: TensorMap, names: readonly string[]): TensorMap {
  return Object.fromEntries(names.map((name) => [name, tensors[name]!]));
}
