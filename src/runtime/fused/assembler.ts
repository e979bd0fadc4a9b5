// A very small assembler for WebAssembly modules of one function: https://webassembly.github.io/spec/core/binary/

/** Value types of WebAssembly that kernels use. */
export const valueType = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

const simd = 0xfd;

/** Instructions as bytes; immediates follow them. */
export const op = {
  loop: [0x03, 0x40],
  end: [0x0b],
  branchIf: [0x0d],
  localGet: [0x20],
  localSet: [0x21],
  localTee: [0x22],
  i32Const: [0x41],
  i32Add: [0x6a],
  i32LessUnsigned: [0x49],
  f32Add: [0x92],
  load: [simd, 0x00],
  store: [simd, 0x0b],
  constant: [simd, 0x0c],
  splat: [simd, 0x13],
  extractLane: [simd, 0x1f],
  abs: [simd, ...unsigned(0xe0)],
  neg: [simd, ...unsigned(0xe1)],
  sqrt: [simd, ...unsigned(0xe3)],
  add: [simd, ...unsigned(0xe4)],
  sub: [simd, ...unsigned(0xe5)],
  mul: [simd, ...unsigned(0xe6)],
  div: [simd, ...unsigned(0xe7)],
  min: [simd, ...unsigned(0xe8)],
  max: [simd, ...unsigned(0xe9)],
} as const;

/** LEB128, unsigned. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** LEB128, signed, of a number that is not negative. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x40; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** The operands of a 16-byte load or store: alignment and offset. */
export function memoryArgument(offset: number): number[] {
  return [4, ...unsigned(offset)];
}

/** A 128-bit constant that holds one float32 four times. */
export function splatConstant(value: number): number[] {
  const bytes = [...new Uint8Array(Float32Array.of(value).buffer)];
  return [...op.constant, ...bytes, ...bytes, ...bytes, ...bytes];
}

/** One function of a module that imports its memory as `env.memory`. */
export interface WasmFunction {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  readonly locals: readonly number[];
  readonly body: readonly number[];
}

/** The module's bytes; it exports the function as `run`. */
export function assemble({ parameters, results, locals, body }: WasmFunction): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...vector(parameters.map((p) => [p])), ...vector(results.map((r) => [r]))];
  const memory = [...name('env'), ...name('memory'), 0x02, 0x00, ...unsigned(0)];
  const code = [...vector(locals.map((local) => [1, local])), ...body, ...op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([type])),
    ...section(2, vector([memory])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...name('run'), 0x00, 0x00]])),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
}
