"""As much of JSON Schema (2020-12) as the schemas of reports use, and one rule more: a key that the schema does not describe is
a fault, so that the file can't fall behind the code."""

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_of(value, kind):
    if kind in ("number", "integer"):
        whole = isinstance(value, int) or (kind == "number" and isinstance(value, float))
        return whole and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def faults_of(value, schema, rule=None, at=""):
    """What is wrong with a document, each with its JSON pointer."""
    rule = schema if rule is None else rule
    if "$ref" in rule:
        target = schema
        for part in rule["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from faults_of(value, schema, target, at)
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of(value, kind) for kind in kinds):
        yield f"{at} is a {type(value).__name__}"
    if "const" in rule and value != rule["const"] or "enum" in rule and value not in rule["enum"]:
        yield f"{at} is {value!r}"
    if is_of(value, "number") and value < rule.get("minimum", value):
        yield f"{at} is too small"
    if isinstance(value, list) and "items" in rule:
        for i, item in enumerate(value):
            yield from faults_of(item, schema, rule["items"], f"{at}/{i}")
    if isinstance(value, dict) and ("properties" in rule or "additionalProperties" in rule):
        yield from (f"{at}/{key} is missing" for key in rule.get("required", []) if key not in value)
        for key, member in value.items():
            described = rule.get("properties", {}).get(key, rule.get("additionalProperties"))
            if isinstance(described, dict):
                yield from faults_of(member, schema, described, f"{at}/{key}")
            else:
                yield f"{at}/{key} is not described"
