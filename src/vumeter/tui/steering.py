"""The keys that act on the run: throttle, load, mark, and the questions before what hurts."""

from functools import partial

from vumeter.model.frame import Frame
from vumeter.model.throttle import Command, CommandKind, ResumeMode
from vumeter.tui.arrangement import View
from vumeter.tui.deck import Deck
from vumeter.tui.dialogs.prompt_bar import Preview, Prompt
from vumeter.tui.dialogs.question_bar import Answer, Question
from vumeter.tui.format import span_text
from vumeter.tui.plan_words import planned_lever
from vumeter.tui.prompt import Intent, Refusal, intended, read
from vumeter.tui.widgets.database_rows import PLAN_PAGE


class Steering(Deck):
    """The operator's actions on the run."""

    def action_step(self, steps: int) -> None:
        """Move the active lever by so many steps."""
        frame = self.newest
        command = self.hand.step(frame, steps) if frame else None
        if command is None:
            self.send(None)
        else:
            self._weigh(intended(command, self.hand.lever(frame)))

    def action_hold(self) -> None:
        """Freeze the plan, or let it go on; where there are two ways on, ask which."""
        frame = self.newest
        if frame and self.hand.holds(frame) and self._has_stages(frame):
            self.action_return_to_plan()
        else:
            self.send(self.hand.hold(frame) if frame else None)

    def action_return_to_plan(self) -> None:
        """Ask how to return to the plan, and do."""
        if self.newest is None:
            self.send(None)
            return
        ways = {
            "c": Answer(text="continue", act=partial(self._return, ResumeMode.CONTINUE)),
            "r": Answer(text="rejoin", act=partial(self._return, ResumeMode.REJOIN)),
        }
        self.confirm(
            Question(text="To the plan: on from where it was left, or as by now?", answers=ways)
        )

    def action_skip_stage(self) -> None:
        """Go on to the next stage of the plan."""
        self._obey("skip")

    def action_extend_stage(self) -> None:
        """Make the present stage of the plan a minute longer."""
        self._obey("extend 1m")

    def _return(self, mode: ResumeMode) -> None:
        frame = self.newest
        self.send(self.hand.back(frame, mode) if frame else None)

    def _has_stages(self, frame: Frame) -> bool:
        lever = self.hand.lever(frame)
        return lever is not None and planned_lever(frame.throttles, lever.scenario) is not None

    def action_pause(self) -> None:
        """Pause the load, or resume it."""
        frame = self.newest
        self.send(self.hand.pause(frame) if frame else None)

    def action_undo(self) -> None:
        """Take the last move back."""
        self.send(self.hand.plain(CommandKind.UNDO))

    def action_redo(self) -> None:
        """Make the move again that was taken back."""
        self.send(self.hand.plain(CommandKind.REDO))

    def action_replay(self) -> None:
        """Ask whether to drive again what was driven so far."""
        frame = self.newest
        if frame is None:
            self.send(None)
            return
        ends = "it goes on there" if frame.duration_s is None else "the schedule ends"
        text = f"Replay the first {span_text(frame.elapsed_s)} ({frame.driven})? Then {ends}."
        replay = Answer(text="replay", act=partial(self.send, self.hand.plain(CommandKind.REPLAY)))
        self.confirm(Question(text=text, answers={"y": replay}))

    def action_panic(self) -> None:
        """Fall to the safe floor, unasked."""
        self.send(self.hand.plain(CommandKind.PANIC))

    async def action_take_control(self) -> None:
        """Take the control from whoever has it."""
        if self._watches:
            self.say("You came to watch. Attach without --watch to take the control.")
        else:
            await self.session.take_control()

    def action_switch_lever(self) -> None:
        """Put the hand on the next lever."""
        frame = self.newest
        lever = self.hand.switch(frame) if frame else None
        if frame and lever:
            self.board.set_active((lever.scenario, lever.lever))
            if len(frame.throttles) == 1:
                self.say("There is one throttle. `:rps 100` opens a rate beside it.")

    def action_prompt(self) -> None:
        """Ask for an exact value or a ramp."""
        self.ask(Prompt(label=":", preview=self._preview, done=self._obey, past=self.past_lines))

    def action_probe(self) -> None:
        """Ask what has to hold, and let the finder look for the most; at work, end it."""
        frame = self.newest
        if frame is not None and frame.pilot is not None and not frame.pilot.is_over:
            self.send(self.hand.plain(CommandKind.MANUAL))
            return
        self.ask(
            Prompt(
                label="probe",
                preview=lambda line: self._preview(f"probe {line}"),
                done=lambda line: self._obey(f"probe {line}"),
            )
        )

    def _read(self, line: str) -> Intent | Refusal:
        frame = self.newest
        return read(
            line,
            levers=frame.throttles if frame else (),
            active=self.hand.lever(frame),
            author=self.hand.author,
        )

    def _preview(self, line: str) -> Preview:
        answer = self._read(line)
        if isinstance(answer, Refusal):
            return Preview(text=answer.reason, is_ready=False)
        asks = f": {answer.asks}, asks first" if answer.asks else ""
        return Preview(text=answer.preview + asks, is_ready=True)

    def _obey(self, line: str) -> None:
        intent = self._read(line)
        if isinstance(intent, Refusal):
            self.say(intent.reason, warns=True)
        else:
            self._weigh(intent)

    def _weigh(self, intent: Intent) -> None:
        """Do what was asked for, once more asked where it may hurt."""
        if intent.asks:
            yes = Answer(text="do it", act=partial(self._move, intent.command))
            self.confirm(Question(text=f"{intent.preview}: {intent.asks}?", answers={"y": yes}))
        else:
            self._move(intent.command)

    def _move(self, command: Command) -> None:
        if command.scenario is not None and command.lever is not None:
            self.hand.grip(command.scenario, command.lever)
        self.send(command)

    def action_mark(self) -> None:
        """Ask for a note and mark this moment with it."""
        self.ask(
            Prompt(
                label="mark",
                preview=lambda note: Preview(
                    text="a note for the charts and the report", is_ready=True
                ),
                done=lambda note: self.send(
                    self.hand.plain(CommandKind.MARK, note.strip() or "mark")
                ),
            )
        )

    def action_acknowledge(self) -> None:
        """Keep the alerts that fire quiet until they clear."""
        self.send(self.hand.plain(CommandKind.ACKNOWLEDGE))

    def action_end_backend(self) -> None:
        """Ask whether to cancel what the selected session executes, or to end it."""
        chosen = self.board.database.chosen if self.board.view is View.DATABASE else None
        if chosen is None or chosen.pid is None:
            self.say("Select a session first: view 5, page now, j and k.", warns=True)
            return
        asked = partial(self.hand.backend, pid=chosen.pid, database=self.board.shown_database)
        answers = {
            "c": Answer(
                text="cancel what it executes",
                act=partial(self.send, asked(CommandKind.CANCEL_BACKEND)),
            ),
            "e": Answer(
                text="end it",
                act=partial(self.send, asked(CommandKind.END_BACKEND)),
            ),
        }
        self.confirm(
            Question(text=f"Session {chosen.pid}: its transaction is undone.", answers=answers)
        )

    def action_explain(self) -> None:
        """Ask PostgreSQL how it would execute the selected statement."""
        chosen = self.board.database.chosen if self.board.view is View.DATABASE else None
        if chosen is None or chosen.statement is None:
            self.say("Select a statement first: view 5, page statements, j and k.", warns=True)
            return
        self.send(self.hand.explanation(chosen.statement.id, database=self.board.shown_database))
        self.board.database.page = PLAN_PAGE

    def action_stop(self) -> None:
        """Ask whether to stop gracefully."""
        stop = Answer(text="stop", act=partial(self.send, self.hand.plain(CommandKind.STOP)))
        self.confirm(
            Question(text="Stop gracefully? What is in flight may end.", answers={"y": stop})
        )

    def action_abort(self) -> None:
        """Ask whether to abort."""
        abort = Answer(text="abort", act=partial(self.send, self.hand.plain(CommandKind.ABORT)))
        self.confirm(
            Question(text="Abort at once? What is in flight is cut off.", answers={"x": abort})
        )
