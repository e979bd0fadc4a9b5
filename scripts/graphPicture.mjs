// Draws the graphs of docs/objective.md from the real code, as Mermaid, and puts them in their places there.
//
//   npm run build && node scripts/graphPicture.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { constantNumber, inputName, topological } from '../dist/graph/expr.js';
import { gradient, input } from '../dist/graph/index.js';
import { optimize } from '../dist/graph/optimize.js';
import { autoencoderFamily } from '../dist/models/families/autoencoder.js';
import { Scope } from '../dist/nn/index.js';

// The smallest autoencoder worth drawing: 4 numbers → 2 → 4, eight samples in a batch.
const config = autoencoderFamily.schema.parse({ latent: 2, latentActivation: 'relu' });
const scope = Scope.root({ training: true });
const { loss } = autoencoderFamily
  .define(config, { features: 4, shape: [4] })
  .objective(input('x', [8, 4]), scope);
const kernel = scope.variables.get('encoder.0.kernel').expr;
// The model as it is written, and the gradient as it is computed: simplified, with what forward has shared.
const [forward, backward] = optimize([loss, ...gradient(loss, [kernel])]);

const numbers = new Map(topological([loss, forward, backward]).map((node, i) => [node, `n${i}`]));
const known = new Set(topological([forward]));

const results = new Map([
  [loss, 'the loss'],
  [backward, 'gradient of encoder.0.kernel'],
]);

function box(node, again = false) {
  const name = inputName(node) ?? constantNumber(node) ?? node.row.name;
  const given = name === 'x' || (inputName(node) === undefined && node.inputs.length === 0);
  const kind = given ? 'data' : inputName(node) === undefined ? 'step' : 'weight';
  const style = again ? 'again' : results.has(node) ? 'result' : kind;
  const shape = node.rank === 0 ? '' : ` [${node.shape.join(', ')}]`;
  const meaning = results.has(node) ? `<br>${results.get(node)}` : '';
  const { transA, transB, alpha = 1 } = node.attributes;
  const reads = transA || transB ? `<br>a${transA ? 'ᵀ' : ''} · b${transB ? 'ᵀ' : ''}` : '';
  const times = alpha === 1 ? '' : ` · ${alpha}`;
  return `${numbers.get(node)}["${name}${shape}${reads}${times}${meaning}"]:::${style}`;
}

function mermaid(boxes, arrows) {
  const styles = [
    'classDef data fill:#e8e8e4,stroke:#6f6f69,color:#222222',
    'classDef weight fill:#fbe3d2,stroke:#d55e00,color:#222222',
    'classDef step fill:#dcebf5,stroke:#0072b2,color:#222222',
    'classDef again fill:#ffffff,stroke:#6f6f69,color:#222222,stroke-dasharray:4 3',
    'classDef result fill:#a34700,stroke:#a34700,color:#ffffff',
  ];
  return [
    '```mermaid',
    'flowchart TD',
    ...[...boxes, ...arrows, ...styles].map((line) => `  ${line}`),
    '```',
  ].join('\n');
}

const arrowsInto = (nodes) =>
  nodes.flatMap((node) => node.inputs.map((from) => `${numbers.get(from)} --> ${numbers.get(node)}`));

const steps = topological([loss]);
const drawnForward = mermaid(
  steps.map((node) => box(node)),
  arrowsInto(steps),
);

// Of the gradient, what the forward pass has not computed already; what it takes from there has a dashed frame.
const added = topological([backward]).filter((node) => !known.has(node));
const taken = [...new Set(added.flatMap((node) => node.inputs))].filter((node) => known.has(node));
const drawnBackward = mermaid(
  [...taken.map((node) => box(node, true)), ...added.map((node) => box(node))],
  arrowsInto(added),
);

const page = new URL('../docs/objective.md', import.meta.url);
let text = readFileSync(page, 'utf8');
for (const [name, drawn] of Object.entries({ forward: drawnForward, backward: drawnBackward })) {
  text = text.replace(
    new RegExp(`(<!-- graph: ${name} -->\n)[^]*?(<!-- end -->)`),
    (_, start, end) => `${start}${drawn}\n${end}`,
  );
}
writeFileSync(page, text);
