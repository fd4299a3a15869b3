import { dataOf, outcome } from '$lib/server/answers';
import { auth } from '$lib/server/auth';
import type { RequestEvent } from './$types';

export const load = async (event) => {
	auth.requireSession(event, { role: 'admin' });
	return { people: dataOf(await auth.service(event).GET('/v1/admin/users')).items };
};

export const actions = {
	give: (event) => setRoles(event, (roles) => [...roles, 'admin']),
	take: (event) => setRoles(event, (roles) => roles.filter((role) => role !== 'admin'))
};

async function setRoles(event: RequestEvent, change: (roles: string[]) => string[]) {
	const id = String((await event.request.formData()).get('id'));
	const service = auth.service(event);
	const person = dataOf(await service.GET('/v1/admin/users/{id}', { params: { path: { id } } }));
	const answer = await service.PATCH('/v1/admin/users/{id}', {
		params: { path: { id } },
		body: { roles: change(person.roles) }
	});
	return outcome('list', answer);
}
