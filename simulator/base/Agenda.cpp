// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Agenda.h.
#include "simulator/base/Agenda.h"

namespace arsis::sim {

Agenda::Agenda(const sc_core::sc_module_name &name, const Clock &clock, bool alone)
    : sc_core::sc_module(name), clock(clock), alone(alone), heap(1) {
  SC_HAS_PROCESS(Agenda);
  SC_METHOD(run);
  sensitive << resume;
}

size_t Agenda::add(Scheduled &unit) {
  calls.push_back({&unit});
  due.push_back(calls.size() - 1);
  return calls.size() - 1;
}

void Agenda::wake(size_t unit) {
  Call &call = calls[unit];
  if (call.state == Call::Woken)
    return;
  call.state = Call::Woken;
  woken.push_back(unit);
}

void Agenda::callFromOutside(size_t unit, Cycle cycle) {
  callAt(unit, cycle);
  resume.notify(sc_core::sc_time::from_value(static_cast<uint64_t>(clock.ahead(cycle))));
}

Cycle Agenda::horizon() const {
  if (alone || !sc_core::sc_pending_activity_at_future_time())
    return kNever;
  return clock.cycleAtOrAfter(Clock::kernelTime() +
                              static_cast<Femtoseconds>(sc_core::sc_time_to_pending_activity().value()));
}

void Agenda::run() {
  do {
    for (size_t i = 0; i < due.size(); ++i)
      calls[due[i]].unit->step(current);
    due.clear();
    for (size_t i = woken.size(); i-- > 0;) {
      calls[woken[i]].state = Call::None;
      due.push_back(woken[i]);
    }
    woken.clear();
  } while (!due.empty() || advance());
}

bool Agenda::advance() {
  while (size > 0 && !holds(heap[1]))
    pop();
  if (size == 0)
    return false;
  const Cycle next = heap[1].cycle;
  if (!alone && clock.ahead(next) > 0 && next >= horizon()) {
    resume.notify(sc_core::sc_time::from_value(static_cast<uint64_t>(clock.ahead(next))));
    return false;
  }
  current = next;
  do {
    const Entry entry = pop();
    if (!holds(entry))
      continue;
    calls[entry.unit].state = Call::None;
    due.push_back(entry.unit);
  } while (size > 0 && heap[1].cycle == current);
  return true;
}

void Agenda::push(Cycle cycle, uint32_t unit, uint32_t serial) {
  if (++size == heap.size())
    heap.emplace_back();
  size_t at = size;
  for (; at > 1 && heap[at / 2].cycle > cycle; at /= 2)
    heap[at] = heap[at / 2];
  Entry &entry = heap[at];
  entry.cycle = cycle;
  entry.unit = unit;
  entry.serial = serial;
}

Agenda::Entry Agenda::pop() {
  const Entry first = heap[1], last = heap[size];
  --size;
  size_t at = 1;
  for (size_t child = 2; child <= size; child = 2 * at) {
    // As in the kernel's heap: the left child goes up if it is earlier, the right one if it is earlier still.
    size_t earliest = heap[child].cycle < last.cycle ? child : at;
    if (child < size && heap[child + 1].cycle < (earliest == at ? last.cycle : heap[earliest].cycle))
      earliest = child + 1;
    if (earliest == at)
      break;
    heap[at] = heap[earliest];
    at = earliest;
  }
  heap[at] = last;
  return first;
}

} // namespace arsis::sim
