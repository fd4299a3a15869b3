/**
 * Tells the other tabs of this browser which session this one shows, and calls `changed` when one
 * of them shows another: somebody signed out or in there. Also when the page comes back out of the
 * browser's memory by the back button. Returns what ends it.
 */
export function watchSession(sessionId: string | null | undefined, changed: () => unknown): () => void {
	const own = sessionId ?? null;
	const channel = new BroadcastChannel('auth-service');
	channel.onmessage = ({ data }) => data !== own && changed();
	channel.postMessage(own);
	const restored = ({ persisted }: PageTransitionEvent) => persisted && changed();
	addEventListener('pageshow', restored);
	return () => {
		channel.close();
		removeEventListener('pageshow', restored);
	};
}
