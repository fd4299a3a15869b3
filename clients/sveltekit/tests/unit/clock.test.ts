import { describe, expect, test } from 'vitest';
import { ServiceClock } from '../../src/server/clock.js';

const NOON = Date.parse('2030-01-01T12:00:00Z');

function clockAt(local: number) {
	const warnings: string[] = [];
	let now = local;
	const clock = new ServiceClock((message) => warnings.push(message), () => now);
	const learn = (date: number, headers: Record<string, string> = {}, took = 0) => {
		const sentAt = now;
		now += took;
		clock.learn(new Headers({ date: new Date(date).toUTCString(), ...headers }), sentAt);
	};
	return { clock, warnings, learn };
}

describe('the service’s time', () => {
	test.each([-600, -60, 60, 600, 890])('is known to a server that is %d s off', (off) => {
		const { clock, learn } = clockAt(NOON + off * 1000);
		learn(NOON);
		expect(Math.abs(clock.now() - NOON / 1000)).toBeLessThan(1);
	});

	test('is the server’s own as long as they differ by little', () => {
		const { clock, learn } = clockAt(NOON + 2_000);
		learn(NOON);
		expect(clock.now()).toBe(NOON / 1000 + 2);
	});

	test('counts how long an answer lay in a cache', () => {
		const { clock, learn } = clockAt(NOON);
		learn(NOON - 300_000, { age: '300' });
		expect(clock.now()).toBe(NOON / 1000);
	});

	test('is not learnt from an answer that took too long, or has no date', () => {
		const { clock, learn } = clockAt(NOON);
		learn(NOON + 600_000, {}, 6_000);
		learn(Number.NaN, { date: 'soon' });
		expect(clock.now()).toBe(NOON / 1000 + 6);
	});

	test('is not believed beyond a quarter of an hour, and somebody is told, once', () => {
		const { clock, warnings, learn } = clockAt(NOON);
		learn(NOON + 3_600_000);
		learn(NOON + 3_600_000);
		expect(clock.now()).toBe(NOON / 1000);
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toContain('60 minutes');
	});

	test('is learnt anew when a clock was mended', () => {
		const { clock, learn } = clockAt(NOON);
		learn(NOON + 600_000);
		learn(NOON);
		expect(clock.now()).toBe(NOON / 1000);
	});
});
