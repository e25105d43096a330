// Writes the golden files of this folder; see README.md.
// node generate.mjs MODELS_FOLDER
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import oniguruma from 'vscode-oniguruma';

const here = dirname(fileURLToPath(import.meta.url));
const models = process.argv[2];

// The pattern under Oniguruma, the regular expression engine of the reference tokenizer. JavaScript's \s differs from it in
// U+0085 and U+FEFF only; for all texts without these two, both engines must agree.
const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
await oniguruma.loadWASM(readFileSync(wasm).buffer);
const scanner = new oniguruma.OnigScanner([
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
]);
const onigurumaPattern = {
  [Symbol.match](text) {
    const subject = new oniguruma.OnigString(text);
    const words = [];
    for (let at = 0; at < text.length; ) {
      const { start, end } = scanner.findNextMatchSync(subject, at).captureIndices[0];
      if (start !== at) throw new Error(`gap at ${at} in ${JSON.stringify(text)}`);
      words.push(text.slice(start, end));
      at = end;
    }
    return words;
  },
};

// A small generator of its own, so that the files can be made again on any version of Node.
let state = 20240501;
const next = (bound) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
};
const pick = (list) => list[next(list.length)];

const written = [
  '', ' ', '  ', '   ', '\n', '\t', '\r\n', ' \n', '\n ', ' \n ', '\n\n', '\t\t\n', 'a', ' a', 'a ', '  a', 'a  ', '   a   ',
  "I'm you're he's we've they'll I'd don't", "I'M YOU'RE HE'S", "''s ''ll 'sa 'S 'l 'r 'v 'rex 'very 'lla", "it's's's 'tis 'twas o'clock",
  " 's", "  's", "\n's", "a'", "'", "''", "' '", "'\u2019s", "we\u2019re it\u2019s", "5's 's5",
  '1234567890', '3.14159', '1,000,000', '\u0661\u0662\u0663', '\u00bd\u00be\u00b2\u2167\u2460', 'x2y3z4', '4th 2nd', '\u{1d7d8}\u{1d7d9}', '0x1F600',
  'Hello, world!', 'The quick brown fox jumps over the lazy dog.', 'HELLO WORLD', 'camelCaseAndPascalCase snake_case kebab-case',
  '!@#$%^&*()_+-=[]{}|;:",.<>/?`~\\', '...', '. . .', '---', '==== Heading ====', ' @-@ @,@ @.@ <unk> ', '<unk>', '= = = =',
  'https://example.com/path?query=1&other=%20#fragment', 'user.name+tag@example.co.uk', '<div class="a">&amp;</div>',
  'def f(x):\n    return x + 1\n\n\nclass A:\n\tpass\n', 'for (int i = 0; i < n; ++i) {\n        sum += a[i];\n}\n',
  '{"a": [1, 2, {"b": null}], "c": "\\u00e9"}', 'SELECT *\nFROM t\nWHERE a >= 10;',
  'caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00fcber \u00c5ngstr\u00f6m', 'cafe\u0301 nai\u0308ve re\u0301sume\u0301', '\u212b \u2126 \u00c5 A\u030a', 'e\u0301\u0323 e\u0323\u0301 \u1eb9\u0301',
  'q\u0307\u0323 q\u0323\u0307', '\u1e9b\u0323', '\u0344 \u0958 \u2adc', '\u0301 \u0301a \u0301\u0301', 'a\u0315\u0300\u05ae\u0300b', 'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033da\u0335l\u0321g\u0322o\u035c',
  '\u1100\u1161\u11a8 \u1100\u1161 \uac00\u11a8 \uac01 \u1100 \u1161 \u11a8', '\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8', '\u1112\u1161\u11ab\u1100\u116e\u11a8',
  '\u4f60\u597d\uff0c\u4e16\u754c\uff01', '\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3067\u3059\u3002', '\u304b\u3099 \u304c \u30cf\u309a \u30d1', '\uf900\ufa10\u2f81a', '\u{2f800} \u{20000}\u{2a6d6}\u{2b740}',
  '\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0451 \u0435\u0308 \u0439 \u0438\u0306', '\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u03ba\u03cc\u03c3\u03bc\u03b5 \u1fbc \u1f80',
  '\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd', '\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0627\u064e\u0644\u0652 \u0622 \u0627\u0653', '\u202bRTL\u202c \u200fmark\u200e',
  '\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u093c \u0915\u094d\u200d\u0937', '\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01', '\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0bca \u0bc6\u0bbe', '\u1019\u103c\u1014\u103a\u1019\u102c \u1026 \u1025\u102e',
  '\u{1f600}', '\u{1f600}\u{1f601}\u{1f602}', 'ok\u{1f44d}\u{1f3fd}!', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}', '\u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7}', '\u2764\ufe0f \u2764\ufe0e', '1\ufe0f\u20e3', ' \u{1f680} \u{1f680}x',
  '\u{10400}\u{10428} \u{1d400}\u{1d41a} \u{1e900}\u{1e922} \u{118a0}', '\u{1d15e}\u{1d1bb}', '\u{11099}\u{110ba} \u{1109a} \u{11131}\u{11127}', '\u{10ffff}\u{f0000}\ue000', '\ufffd \ufffe \uffff \ufdd0',
  'zero\u200bwidth\u200cnon\u200djoiner\u2060word', 'soft\u00adhyphen', 'nbsp\u00a0here \u00a0 \u00a0\u00a0x', '\u2003em\u2009thin\u3000ideographic\u1680ogham\u2028line\u2029par\u202f\u205f',
  '\u0000', 'a\u0000b', '\u0001\u0002\u001f\u007f\u0080\u009f', '\u001b[31mred\u001b[0m', '\u000b\u000c vertical \u000b\u000c', '\u001c\u001d\u001e\u001f x',
  '\u00c3\u00a9 \u00e2\u20ac\u2122 \u00ef\u00bf\u00bd', '\u0120hello \u010a \u0100\u0143', '\u00c0\u00c1\u00f5\u00ff', '\u07ff\u0800\uffff\u{10000}',
  'a\u0085b', ' \u0085 x', 'a \u0085\u0085 b', '\ufeffstart', 'a \ufeffb', ' \ufeff ', '\ufeff\ufeff  x', 'x\ufeff\n\ufeffy',
  '<|endoftext|>', 'a<|endoftext|>b', ' <|endoftext|> ', '<|endoftext|><|endoftext|>', '<|endoftext', '<|endoftext|', '<<|endoftext|>>', '<|padding|>x', '<|im_start|>user\nhi<|im_end|>',
  'assistant', 'assistants', 'an assistant professor', 'RWKV', 'xRWKVy', 'RWK V', 'cafe\u0301<|endoftext|>\u0301', 'e<|padding|>\u0301',
  'a' + 'b'.repeat(300), 'ab'.repeat(500), 'a'.repeat(1000), '\u00e9'.repeat(200), '\u{1f600}'.repeat(64), '9'.repeat(333), '=-'.repeat(150), 'the'.repeat(100), '\u4e2d'.repeat(129),
];
for (let count = 2; count <= 60; count += count < 30 ? 1 : 7) {
  written.push(' '.repeat(count), ' '.repeat(count) + 'x', 'x' + ' '.repeat(count) + 'y', 'x\n' + ' '.repeat(count) + 'y\n');
}

const pools = [
  'abcdefghijklmnopqrstuvwxyz', 'ABCXYZ', '0123456789', ' ', '    ', ' \t\n\r', '\n', ".,;:!?'\"()-_/", "'", '\u00e0\u00e9\u00ee\u00f5\u00fc\u00df\u00f8',
  '\u0300\u0301\u0308\u0323\u0327\u0345\u05b4\u0f71', '\u4e00\u4e8c\u4e09\u6c34\u706b', '\u3042\u304b\u3099\u309a\u30ab', '\uac00\ub098\u1100\u1161\u11a8', '\u0430\u0431\u0432\u0438\u0306', '\u03b1\u03b2\u03c9\u0342\u0313',
  '\u05d0\u05d1\u05bc\u05c1', '\u0627\u0628\u0653\u0654', '\u0915\u093c\u094d\u09c7\u09be', '\u200b\u200c\u200d\u2060', '\u00a0\u2003\u3000\u2028', '\u0000\u0007\u001b\u007f',
  ['\u{1f600}', '\u{1f468}', '\u{1f3fd}', '\ufe0f', '\u{1f1e9}'], ['\u{1d400}', '\u{10400}', '\u{20000}', '\u{1d7d9}'], ['the ', ' of', 'ing', "n't", ' and ', '<unk>', ' @-@ ', '\n = '], ['<|endoftext|>', '<|padding|>', 'RWKV', 'assistant', '<|'],
];
for (let i = 0; i < 300; i++) {
  let text = '';
  const used = Array.from({ length: 1 + next(5) }, () => pick(pools));
  for (let length = 1 + next(40); length > 0; length--) text += pick([...pick(used)]);
  written.push(text);
}

for (const name of ['gpt-neox-20b', 'mamba-wt2-5m']) {
  const json = JSON.parse(readFileSync(join(models, name, 'tokenizer.json'), 'utf8'));
  const tokenizer = new Tokenizer(json, { clean_up_tokenization_spaces: false });
  const reference = new Tokenizer(json, { clean_up_tokenization_spaces: false });
  reference.pre_tokenizer.pattern = onigurumaPattern;
  const encode = (from, text) => from.encode(text, { add_special_tokens: false }).ids;
  const texts = [...new Set(written)].map((text) => {
    const ids = encode(reference, text);
    if (!/[\u0085\ufeff]/.test(text) && JSON.stringify(ids) !== JSON.stringify(encode(tokenizer, text))) {
      throw new Error(`the engines disagree on ${JSON.stringify(text)}`);
    }
    const decoded = ids.length > 0 ? tokenizer.decode(ids, { skip_special_tokens: false }) : '';
    return decoded === text ? { text, ids } : { text, ids, decoded };
  });
  const known = [...tokenizer.get_vocab().values()];
  const idLists = Array.from({ length: 100 }, () => {
    const ids = Array.from({ length: 1 + next(12) }, () => pick(known));
    return { ids, decoded: tokenizer.decode(ids, { skip_special_tokens: false }) };
  });
  const lines = (list) => list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
  const escaped = (text) => text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(
    join(here, `${name}.json`),
    escaped(`{\n  "tokenizer": "${name}",\n  "texts": [\n${lines(texts)}\n  ],\n  "idLists": [\n${lines(idLists)}\n  ]\n}\n`),
  );
  console.log(name, texts.length, 'texts', idLists.length, 'id lists');
}
