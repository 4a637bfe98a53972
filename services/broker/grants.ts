// Requests for grants. One that can be answered is answered at once. One that cannot, because others hold what they do not use, has those
// asked to give it back (Recall), and waits: for a second at most, in the order of asking.
//
//     ask --> enough, or nobody to ask ----------------------------------> answered
//        '--> short: a ticket, and recalls --> something is given back --> answered, the first in line first
//                                         '--> a second is over ---------> refused
//                                         '--> its caller is gone -------> withdrawn
//
// While a ticket waits, others are given what they need and nothing beyond it, and who needs more of what it waits for stands behind it: so nobody
// starves. Nothing is ever taken from a VM: one that is silent, or orphaned, keeps what it has.
import type { Grant } from '../lib/domain/grant.ts';
import type { GrantAnswer, GrantRequest } from '../lib/domain/granting.ts';
import { DurationHistogram } from '../lib/runtime/duration-histogram.ts';
import type { FollowedVm } from './followed-vm.ts';

const PATIENCE_MS = 1000;

/** A VM that has a grant. */
export type GrantHolder = {
  readonly followed: FollowedVm;
  /** Asks its frontend to give back; null when it has none at this moment. */
  readonly recall: (() => void) | null;
};

type Ticket = {
  readonly followed: FollowedVm;
  readonly request: GrantRequest;
  readonly answer: (answer: GrantAnswer) => void;
  /** performance.now() */
  readonly since: number;
  readonly timer: NodeJS.Timeout;
  /** Whom it has asked, and how much they held then of what is short. */
  readonly asked: Map<FollowedVm, number>;
};

export class GrantDesk {
  /** Of requests that had to wait. */
  readonly waits = new DurationHistogram();
  readonly #holders: () => Iterable<GrantHolder>;
  readonly #patience: number;
  /** In the order of asking. */
  #tickets: Ticket[] = [];
  #recalls = 0;
  #refusals = 0;

  /** @param patienceMs how long a request waits at most */
  constructor(holders: () => Iterable<GrantHolder>, patienceMs: number = PATIENCE_MS) {
    this.#holders = holders;
    this.#patience = patienceMs;
  }

  get figures(): { readonly recalls: number; readonly refusals: number } {
    return { recalls: this.#recalls, refusals: this.#refusals };
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#tickets.length;
  }

  /** `answer` is called once, now or later, and never when the request is withdrawn. A VM has one request: a further one withdraws the first. */
  ask(followed: FollowedVm, request: GrantRequest, answer: (answer: GrantAnswer) => void): void {
    this.withdraw(followed);
    if (this.#isBehind(followed, request)) {
      this.#wait(followed, request, answer);
      return;
    }
    const found = followed.request(this.#tickets.length === 0 ? request : exactly(request, followed.grant));
    if (found.refusal !== null && this.#canBeRecalled(followed, request)) {
      this.#wait(followed, request, answer);
      return;
    }
    if (found.refusal !== null) this.#refusals += 1;
    this.#kept(followed);
    answer(found);
    this.retry();
  }

  /** Its caller is gone, or has asked anew. */
  withdraw(followed: FollowedVm): void {
    const ticket = this.#tickets.find((one) => one.followed === followed);
    if (ticket === undefined) return;
    this.#close(ticket);
    this.retry();
  }

  /** Something may be free that was not: those who wait for it are served. */
  retry(): void {
    if (this.#tickets.length === 0) return;
    const contested = new Set<string>();
    for (const ticket of [...this.#tickets]) {
      const { followed, request } = ticket;
      if (!this.#tickets.includes(ticket) || needsMoreOf(contested, request, followed.grant)) continue;
      const found = followed.request(exactly(request, followed.grant));
      if (found.refusal === null) this.#settle(ticket, found);
      else for (const what of followed.shortagesOf(request).keys()) contested.add(what);
    }
  }

  /** A VM has told its accounts: it may hold more now that it does not use. */
  told(followed: FollowedVm): void {
    for (const ticket of this.#tickets) {
      if (ticket.followed !== followed && ticket.asked.has(followed)) this.#recallFor(ticket);
    }
  }

  /** Withdraws everything. */
  close(): void {
    for (const ticket of [...this.#tickets]) this.#close(ticket);
  }

  #isBehind({ grant }: FollowedVm, request: GrantRequest): boolean {
    if (this.#tickets.length === 0) return false;
    const contested = new Set(
      this.#tickets.flatMap((ticket) => [...ticket.followed.shortagesOf(ticket.request).keys()]),
    );
    return needsMoreOf(contested, request, grant);
  }

  /** Whether others could give back enough of everything that is short. */
  #canBeRecalled(followed: FollowedVm, request: GrantRequest): boolean {
    const others = [...this.#holders()].filter((holder) => holder.followed !== followed && holder.recall);
    const short = followed.shortagesOf(request);
    // Refused for something else than what others hold.
    if (short.size === 0) return false;
    return [...short].every(([what, short]) => {
      return others.reduce((total, holder) => total + idleOf(holder.followed, what), 0) >= short;
    });
  }

  #wait(followed: FollowedVm, request: GrantRequest, answer: (answer: GrantAnswer) => void): void {
    const ticket: Ticket = {
      followed,
      request,
      answer,
      since: performance.now(),
      timer: setTimeout(() => this.#giveUp(ticket), this.#patience),
      asked: new Map(),
    };
    this.#tickets.push(ticket);
    this.#recallFor(ticket);
  }

  #giveUp(ticket: Ticket): void {
    const { followed, request } = ticket;
    const found = followed.request(exactly(request, followed.grant));
    if (found.refusal !== null) this.#refusals += 1;
    this.#settle(ticket, found);
    this.retry();
  }

  #settle(ticket: Ticket, answer: GrantAnswer): void {
    this.#close(ticket);
    ticket.answer(answer);
  }

  #close(ticket: Ticket): void {
    clearTimeout(ticket.timer);
    this.#tickets = this.#tickets.filter((one) => one !== ticket);
    this.waits.observe((performance.now() - ticket.since) / 1000);
  }

  /** Asks whoever holds more of what is short than when it was asked last. */
  #recallFor({ followed, request, asked }: Ticket): void {
    const short = [...followed.shortagesOf(request).keys()];
    for (const holder of this.#holders()) {
      if (holder.followed === followed || holder.recall === null) continue;
      const idle = short.reduce((total, what) => total + idleOf(holder.followed, what), 0);
      if (idle <= (asked.get(holder.followed) ?? 0)) continue;
      asked.set(holder.followed, idle);
      this.#recalls += 1;
      holder.recall();
    }
  }

  /** What a VM holds after its request is what it needs: it is asked again when that is more. */
  #kept(followed: FollowedVm): void {
    for (const { followed: waiting, request, asked } of this.#tickets) {
      if (!asked.has(followed)) continue;
      const short = [...waiting.shortagesOf(request).keys()];
      asked.set(
        followed,
        short.reduce((total, what) => total + idleOf(followed, what), 0),
      );
    }
  }
}

/** Without what is wanted beyond need. What the VM may be using meanwhile stays. */
function exactly({ wanted, needed }: GrantRequest, held: Grant): GrantRequest {
  const least = (need: number, want: number, have: number): number => Math.max(need, Math.min(have, want));
  const heaps = [...wanted.heaps].map(([name, bytes]): [string, number] => [
    name,
    least(needed.heaps.get(name) ?? 0, bytes, held.heaps.get(name) ?? 0),
  ]);
  return {
    needed,
    wanted: {
      heaps: new Map(heaps),
      mappings: least(needed.mappings, wanted.mappings, held.mappings),
      allocations: least(needed.allocations, wanted.allocations, held.allocations),
    },
  };
}

/** `what` as in Shortages. */
function amountOf({ heaps, mappings, allocations }: Grant, what: string): number {
  if (what === 'mappings') return mappings;
  if (what === 'allocations') return allocations;
  if (what !== 'bytes') return heaps.get(what.slice('heap '.length)) ?? 0;
  return [...heaps.values()].reduce((total, bytes) => total + bytes, 0);
}

function idleOf({ grant, used }: FollowedVm, what: string): number {
  return Math.max(0, amountOf(grant, what) - amountOf(used, what));
}

function needsMoreOf(contested: ReadonlySet<string>, { needed }: GrantRequest, held: Grant): boolean {
  for (const what of contested) if (amountOf(needed, what) > amountOf(held, what)) return true;
  return false;
}
