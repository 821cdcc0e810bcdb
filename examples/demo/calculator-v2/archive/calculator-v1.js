export function add(a, b) {
  return a + b;
}

export function divide(a, b) {
  return a / b;
}

export function mean(numbers) {
  return divide(numbers.reduce(add, 0), numbers.length);
}
