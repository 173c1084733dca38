"""Help of a command with many options, under headings."""

import click


class SectionOption(click.Option):
    """An option that stands under a heading of the help."""

    def __init__(self, *declarations: str, section: str, **settings):
        super().__init__(*declarations, **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help lists its options by heading, those without one last."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of options a heading."""
        sections: dict[str, list] = {}
        for option in self.get_params(context):
            record = option.get_help_record(context)
            if record is not None and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "section", "Options"), []).append(record)
        sections["Options"] = sections.pop("Options", [])
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
