from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certificates import whole_register


class Command(BaseCommand):
    help = "Compare every stored file with the register and check its seal; exit code 1 names each that is another."

    def handle(self, *args: Any, **options: Any) -> None:
        looked = list(whole_register.each())
        if problems := [f"{each.serial}: {each.problem}" for each in looked if each.problem]:
            problems.append(f"{len(problems)} of {len(looked)} certificates are not what was issued.")
            raise CommandError("\n".join(problems))
        sealed = sum(each.sealed for each in looked)
        unsealed = f", {len(looked) - sealed} from before there were seals" if sealed < len(looked) else ""
        self.stdout.write(
            f"{len(looked)} certificates: each file is the one that was issued. {sealed} seals hold{unsealed}."
        )
