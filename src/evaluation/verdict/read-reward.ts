import { EvalpoolError } from '../../errors.ts';
import { harmlessLine } from '../../harmless-text.ts';
import type { Reward } from '../../result.ts';
import type { Spec } from '../../spec.ts';
import type { Found } from '../stages/close-tests.ts';
import type { Desk } from '../open-desk.ts';

const MAX_BYTES = 64 * 1024;
const MAX_REWARDS = 100;
const MAX_NAME = 200;
const SHOWN = 60;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads the reward file that the spec asks for; null if it asks for none. Throws only what is our own fault. */
export async function readReward(desk: Desk, spec: Spec, { reward }: Found): Promise<Reward | null> {
  if (spec.reward === undefined) return null;
  if (reward === null) return unusable(`there is no reward file ${spec.reward.path.join(' or ')}`);
  try {
    const bytes = await desk.sandbox.readFile(reward.realPath, MAX_BYTES, desk.user);
    return bytes === null ? unusable('the reward file is gone') : parseReward(Buffer.from(bytes).toString());
  } catch (error) {
    if (error instanceof EvalpoolError && error.code === 'LIMITS')
      return unusable(`the reward file has more than ${MAX_BYTES} bytes`);
    throw error;
  }
}

/** The rewards in the text of a reward file: one number, or a JSON object of numbers by name. */
export function parseReward(text: string): Reward {
  const plain = text.trim();
  if (plain === '') return unusable('the reward file is empty');
  const named = plain.startsWith('{') ? objectIn(plain) : { reward: numberIn(plain) };
  if (named === null) return unusable('the reward file is no JSON object');
  const entries = Object.entries(named);
  if (entries.length === 0 || entries.length > MAX_REWARDS)
    return unusable(`the reward file holds ${entries.length} rewards; 1 to ${MAX_REWARDS} are read`);
  const wrong = entries.find(([, value]) => typeof value !== 'number' || !Number.isFinite(value));
  if (wrong) return unusable(`the reward ${shown(wrong[0])} is no number: ${shown(wordOf(plain, wrong[1]))}`);
  return {
    problem: null,
    rewards: Object.fromEntries(entries.map(([name, value]) => [nameOf(name), Number(value)])),
  };
}

function numberIn(text: string): number | null {
  return NUMBER.test(text) ? Number(text) : null;
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function wordOf(text: string, value: unknown): string {
  return text.startsWith('{') ? (JSON.stringify(value) ?? '') : text;
}

function nameOf(name: string): string {
  return harmlessLine(name, MAX_NAME);
}

function shown(text: string): string {
  return harmlessLine(text, SHOWN);
}

function unusable(problem: string): Reward {
  return { problem, rewards: {} };
}
