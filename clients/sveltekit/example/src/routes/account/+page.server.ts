import { outcome, dataOf } from '$lib/server/answers';
import { auth } from '$lib/server/auth';

export const load = async (event) => {
	auth.requireSession(event);
	return { me: dataOf(await auth.service(event).GET('/v1/me')) };
};

export const actions = {
	default: async (event) => {
		auth.requireSession(event);
		const name = String((await event.request.formData()).get('name')).trim() || null;
		return outcome('name', await auth.service(event).PATCH('/v1/me', { body: { name } }));
	}
};
