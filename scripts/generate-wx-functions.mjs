// Writes the list of functions on `wx` from the official typings (miniprogram-api-typings), for stubs and the coverage table.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './lib.mjs';

const folder = join(root, 'node_modules/miniprogram-api-typings');
const program = ts.createProgram([join(folder, 'index.d.ts')], { noEmit: true, skipLibCheck: true });
const checker = program.getTypeChecker();
const functions = [];
for (const file of program.getSourceFiles()) {
  ts.forEachChild(file, function visit(node) {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'Wx' && functions.length === 0) {
      const type = checker.getTypeAtLocation(node.name);
      for (const member of type.getProperties()) {
        const memberType = checker.getTypeOfSymbolAtLocation(member, node);
        if (memberType.getCallSignatures().length > 0) functions.push(member.name);
      }
    }
    if (ts.isModuleDeclaration(node) || ts.isModuleBlock(node)) ts.forEachChild(node, visit);
  });
}
functions.sort();
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
writeFileSync(
  join(root, 'packages/runtime/src/service/wx/functions.generated.ts'),
  `// Made by scripts/generate-wx-functions.mjs from miniprogram-api-typings ${version}.\nexport const WX_FUNCTIONS: readonly string[] = ${JSON.stringify(functions, null, 2)};\n`,
);
process.stdout.write(`${functions.length} functions\n`);
