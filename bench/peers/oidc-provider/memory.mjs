// An adapter that keeps everything in this process. The one that comes with oidc-provider walks through all tokens of
// a grant whenever it writes one, and drops the oldest of a thousand entries; this one does neither.
const entries = new Map();
const members = new Map();

export class Memory {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    entries.set(this.key(id), payload);
    if (!payload.grantId) return;
    const others = members.get(payload.grantId);
    if (others) others.push(this.key(id));
    else members.set(payload.grantId, [this.key(id)]);
  }

  async find(id) {
    return entries.get(this.key(id));
  }

  async findByUid() {}

  async findByUserCode() {}

  async consume(id) {
    entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(id) {
    for (const key of members.get(id) ?? []) entries.delete(key);
    members.delete(id);
  }
}
