// Bundles the sources into dist/calculator.js, after checking that they can be parsed.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';

execFileSync(process.execPath, ['--check', 'src/calculator.js'], { stdio: 'inherit' });
mkdirSync('dist', { recursive: true });
copyFileSync('src/calculator.js', 'dist/calculator.js');
console.log('built dist/calculator.js');
