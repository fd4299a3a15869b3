import { setTimeout } from 'node:timers/promises';

// What every page may know. It reaches the browser, so no token is in it. The name is asked for afresh, so that a
// change shows at once; a page does not wait long for it.
export const load = async ({ locals: { auth } }) => {
	const user = await Promise.race([auth.user(), setTimeout(1000, undefined, { ref: false })]);
	return { auth: auth.summary, name: user?.name || user?.email };
};
