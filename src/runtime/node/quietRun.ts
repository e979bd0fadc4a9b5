import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type * as ort from 'onnxruntime-node';
import {
  ModelProtoSchema,
  NodeProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from '../../graph/proto/onnx_pb.js';

// The binding of ONNX Runtime for Node copies every output of a run into fresh memory for its caller, also those
// that were written into arrays given beforehand. For gradients that is a second pass over as many bytes as the
// model has weights, and garbage to collect. A run that stops between computing and copying avoids both: the first
// output here is a sequence, which the binding cannot convert and says so by an error, once all results are in place.

const marker = 'done';
const refusal = /non.tensor/i;

/** The same model with a first output that the binding cannot convert. */
export function withMarker(model: Uint8Array): Uint8Array<ArrayBuffer> {
  const proto = fromBinary(ModelProtoSchema, model);
  const graph = proto.graph!;
  const [first] = graph.output;
  graph.node.push(
    create(NodeProtoSchema, { opType: 'SequenceConstruct', input: [first!.name], output: [marker], name: marker }),
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

/** Runs a model that has the marker; results are in the arrays of `fetches`. */
export async function quietRun(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  fetches: Readonly<Record<string, ort.Tensor | null>>,
): Promise<void> {
  try {
    await session.run(feeds, fetches);
  } catch (error) {
    if (!refusal.test((error as Error).message)) throw error;
  }
}
