import torch


def completion_mask(tokens, end):
    is_end = (tokens == end).long()
    return is_end.cumsum(-1) - is_end == 0


def token_log_probs(logits, tokens, mask):
    lp = torch.log_softmax(logits, -1).gather(-1, tokens[..., None]).squeeze(-1)
    return torch.where(mask, lp, 0.0)


def last_counted(values, mask):
    return values.gather(-1, (mask.sum(-1, keepdim=True) - 1)).squeeze(-1)
