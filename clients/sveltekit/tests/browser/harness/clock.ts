import { faketime } from './paths.ts';

/** How far a clock is off, as faketime writes it. */
export type Clock = `${'+' | '-'}${number}m`;

/** The environment of a process whose clock is off. */
export function atTime(clock?: Clock): Record<string, string> {
	return clock ? { LD_PRELOAD: faketime(), FAKETIME: clock, FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {};
}

/** The same in milliseconds. */
export function offset(clock?: Clock): number {
	return clock ? Number.parseInt(clock) * 60_000 : 0;
}
