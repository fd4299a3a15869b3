import { dataOf, outcome } from '$lib/server/answers';
import { auth } from '$lib/server/auth';

export const load = async (event) => {
	auth.requireSession(event);
	const sessions = dataOf(await auth.service(event).GET('/v1/me/sessions'));
	return { sessions, now: new Date().toISOString() };
};

export const actions = {
	one: async (event) => {
		const id = String((await event.request.formData()).get('id'));
		return outcome('list', await end(event, id));
	},
	others: async (event) => {
		const sessions = dataOf(await auth.service(event).GET('/v1/me/sessions'));
		const others = sessions.filter((session) => !session.current);
		const answers = await Promise.all(others.map(({ id }) => end(event, id)));
		const failed = answers.find((answer) => answer.error);
		return failed ? outcome('list', failed) : { form: 'list', done: true };
	}
};

function end(event: import('./$types').RequestEvent, id: string) {
	return auth.service(event).DELETE('/v1/me/sessions/{id}', { params: { path: { id } } });
}
