"""Dialogs of botbuilder-python 4.17, as Microsoft's sample 05.multi-turn-prompt is written: three prompts.

A text and two choices, over and over: one message in, one question out. The state lies in memory. An answer
that is none of the choices gets the question again.
"""

from aiohttp import web
from botbuilder.core import (
    ActivityHandler,
    ConversationState,
    MemoryStorage,
    MessageFactory,
    StatePropertyAccessor,
    TurnContext,
    UserState,
)
from botbuilder.dialogs import (
    ComponentDialog,
    Dialog,
    DialogSet,
    DialogTurnResult,
    DialogTurnStatus,
    WaterfallDialog,
    WaterfallStepContext,
)
from botbuilder.dialogs.choices import Choice
from botbuilder.dialogs.prompts import ChoicePrompt, PromptOptions, TextPrompt
from botbuilder.integration.aiohttp import ConfigurationBotFrameworkAuthentication
from stock_echo import Settings, serve


class Profile:
    """What a person has told us."""

    def __init__(self) -> None:
        self.problem = ""
        self.moment = ""
        self.device = ""


class ProblemDialog(ComponentDialog):
    """Asks what is wrong, when, and where."""

    def __init__(self, user_state: UserState) -> None:
        super().__init__(ProblemDialog.__name__)
        self._profiles = user_state.create_property("Profile")
        self.add_dialog(
            WaterfallDialog(
                WaterfallDialog.__name__, [self._problem, self._moment, self._device, self._summary]
            )
        )
        self.add_dialog(TextPrompt(TextPrompt.__name__))
        self.add_dialog(ChoicePrompt(ChoicePrompt.__name__))
        self.initial_dialog_id = WaterfallDialog.__name__

    async def _problem(self, step: WaterfallStepContext) -> DialogTurnResult:
        return await step.prompt(
            TextPrompt.__name__, PromptOptions(prompt=MessageFactory.text("What happens when you sign in?"))
        )

    async def _moment(self, step: WaterfallStepContext) -> DialogTurnResult:
        step.values["problem"] = step.result
        # what the benchmark's people write names the login, in both languages: it is always one of these
        return await step.prompt(
            ChoicePrompt.__name__,
            PromptOptions(
                prompt=MessageFactory.text("When does it happen?"),
                choices=[Choice("login", synonyms=["Anmeldung"]), Choice("later", synonyms=["später"])],
            ),
        )

    async def _device(self, step: WaterfallStepContext) -> DialogTurnResult:
        step.values["moment"] = step.result.value
        return await step.prompt(
            ChoicePrompt.__name__,
            PromptOptions(
                prompt=MessageFactory.text("What comes first?"),
                choices=[
                    Choice("phone", synonyms=["Telefon"]),
                    Choice("browser"),
                    Choice("after login", synonyms=["login", "Anmeldung"]),
                ],
            ),
        )

    async def _summary(self, step: WaterfallStepContext) -> DialogTurnResult:
        profile = await self._profiles.get(step.context, Profile)
        profile.problem = step.values["problem"]
        profile.moment = step.values["moment"]
        profile.device = step.result.value
        return await step.replace_dialog(WaterfallDialog.__name__)


class DialogBot(ActivityHandler):
    """Runs a dialog for each message, and keeps both states afterwards."""

    def __init__(self, conversation_state: ConversationState, user_state: UserState, dialog: Dialog) -> None:
        self._conversation_state = conversation_state
        self._user_state = user_state
        self._dialog = dialog

    async def on_turn(self, turn_context: TurnContext) -> None:
        """See ActivityHandler."""
        await super().on_turn(turn_context)
        await self._conversation_state.save_changes(turn_context, False)
        await self._user_state.save_changes(turn_context, False)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """See ActivityHandler."""
        await run_dialog(self._dialog, turn_context, self._conversation_state.create_property("DialogState"))


async def run_dialog(dialog: Dialog, turn_context: TurnContext, accessor: StatePropertyAccessor) -> None:
    """The sample's DialogHelper."""
    dialogs = DialogSet(accessor)
    dialogs.add(dialog)
    context = await dialogs.create_context(turn_context)
    results = await context.continue_dialog()
    if results.status == DialogTurnStatus.Empty:
        await context.begin_dialog(dialog.id)


if __name__ == "__main__":
    memory = MemoryStorage()
    people = UserState(memory)
    web.run_app(
        serve(
            DialogBot(ConversationState(memory), people, ProblemDialog(people)),
            ConfigurationBotFrameworkAuthentication(Settings()),
        ),
        host="127.0.0.1",
        port=Settings.PORT,
    )
