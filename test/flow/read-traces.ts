import { expect } from 'vitest';
import type { ReceivedSpan, Receiver } from '../fixtures/otlp-receiver.ts';

/** OTLP's numbers. */
export const FAILED = 2;
export const CONSUMER = 5;

/** What has come of the trace of an evaluation. */
export function receivedOf(receiver: Receiver, evaluation: string): ReceivedSpan[] {
  const all = receiver.spans();
  const about = all.find(({ attributes }) => attributes['evalpool.evaluation.id'] === evaluation);
  return all.filter(({ traceId }) => traceId === about?.traceId);
}

/** The whole trace of an evaluation, by time, once its root and every span that another one names are there. */
export async function traceOf(receiver: Receiver, evaluation: string): Promise<ReceivedSpan[]> {
  const isWhole = (): boolean => {
    const spans = receivedOf(receiver, evaluation);
    const allNamed = spans.every((span) => !span.parentSpanId || parentOf(span, spans));
    return allNamed && spans.some(({ parentSpanId }) => !parentSpanId);
  };
  await expect.poll(isWhole, { timeout: 60_000, interval: 50 }).toBe(true);
  return receivedOf(receiver, evaluation).toSorted((a, b) =>
    Number(a.startTimeUnixNano - b.startTimeUnixNano),
  );
}

/** Those of a name. */
export function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan[] {
  return spans.filter((span) => span.name === name);
}

/** The names of those that are part of a span. */
export function partsOf(whole: ReceivedSpan | undefined, spans: readonly ReceivedSpan[]): string[] {
  return spans.filter(({ parentSpanId }) => parentSpanId === whole?.spanId).map(({ name }) => name);
}

/** None begins before what it is part of, or ends after it, as far as one process has measured both. */
export function expectNested(spans: readonly ReceivedSpan[]): void {
  for (const span of spans) {
    const whole = parentOf(span, spans);
    if (!whole || whole.service !== span.service) continue;
    expect(span.startTimeUnixNano).toBeGreaterThanOrEqual(whole.startTimeUnixNano);
    expect(span.endTimeUnixNano).toBeLessThanOrEqual(whole.endTimeUnixNano);
  }
}

function parentOf({ parentSpanId }: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan | undefined {
  return spans.find(({ spanId }) => spanId === parentSpanId);
}
