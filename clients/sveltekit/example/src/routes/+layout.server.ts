// What every page may know. It reaches the browser, so no token is in it.
export const load = async ({ locals: { auth } }) => {
	const user = await auth.user();
	return {
		auth: auth.summary,
		name: user?.name || user?.email
	};
};
