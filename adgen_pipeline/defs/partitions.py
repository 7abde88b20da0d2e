"""The one partition: a channel, by its numeric id. Names hold emoji and change; ids do neither."""

import dagster as dg

channel = dg.DynamicPartitionsDefinition(name="channel")
