"""Other messages that say the same as given ones: reposts, forwards and near-duplicates, in any channel."""

import polars as pl

KEY = ["channel_id", "message_id"]


def copies(
    posts: pl.LazyFrame, documents: pl.DataFrame | None, drops: pl.DataFrame | None, keys: pl.DataFrame
) -> pl.DataFrame:
    """Keys of the copies of some messages, themselves left out.

    A copy has the same search key, or is in the same near-duplicate cluster: a document of that cluster, or a post
    dropped in favour of one. Near-empty posts ("👍") are nobody's copy.

    Args:
        posts: POSTS of all channels.
        documents: DOCUMENTS; None where they were not made yet: equal search keys only.
        drops: DROPS; None as well.
        keys: channel_id and message_id of the messages.
    """
    said = posts.filter(~pl.col("is_near_empty")).select(*KEY, "search_key")
    wanted = said.join(keys.lazy(), on=KEY, how="semi").select("search_key").unique()
    found = [said.join(wanted, on="search_key", how="semi").select(KEY).collect()]
    if documents is not None and drops is not None:
        cluster = documents.select(*KEY, "cluster")
        stand_ins = drops.filter(pl.col("kept_channel_id").is_not_null()).join(
            cluster, left_on=["kept_channel_id", "kept_message_id"], right_on=KEY
        )
        members = pl.concat([cluster, stand_ins.select(*KEY, "cluster")])
        of = pl.concat([keys.select(KEY), found[0]]).unique()
        clusters = members.join(of, on=KEY, how="semi").select("cluster").unique()
        found.append(members.join(clusters, on="cluster", how="semi").select(KEY))
    return pl.concat(found).unique().join(keys, on=KEY, how="anti").sort(KEY)
