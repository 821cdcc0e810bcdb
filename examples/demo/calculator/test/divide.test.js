import assert from 'node:assert/strict';
import test from 'node:test';
import { divide } from '../src/calculator.js';

test('divides two numbers', () => {
  assert.equal(divide(6, 3), 2);
});

test('refuses to divide by zero', () => {
  assert.throws(() => divide(1, 0), RangeError);
});
