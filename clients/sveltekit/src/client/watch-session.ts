/** What this page told last. */
let told: string | null | undefined;

/**
 * Tells the other tabs of this browser which session this one shows, and calls `changed` when one
 * of them shows another: somebody signed out or in there. Also when the page comes back out of the
 * browser's memory by the back button. Returns what ends it.
 */
export function watchSession(sessionId: string | null | undefined, changed: () => unknown): () => void {
	const own = sessionId ?? null;
	const channel = new BroadcastChannel('auth-service');
	channel.onmessage = ({ data }) => data !== own && changed();
	// Once: a page that shows the same again after it was asked to look again has nothing to add.
	if (told !== own) channel.postMessage(own);
	told = own;
	const restored = ({ persisted }: PageTransitionEvent) => persisted && changed();
	addEventListener('pageshow', restored);
	return () => {
		channel.close();
		removeEventListener('pageshow', restored);
	};
}
