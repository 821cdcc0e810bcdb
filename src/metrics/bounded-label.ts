/** What stands for all values of a label beyond the first few. */
export const OTHER = 'other';

/** Names the first `most` values that it meets and calls the rest `other`, so that a label never has more than that. */
export function boundedLabel(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < most) known.add(value);
    return known.has(value) ? value : OTHER;
  };
}
