"""What the checker says to each known mistake in `memory_per_device`."""

HINTS = {
    "gradients whole at stage 2": "stage 2 divides the gradients too; you do so at stage 3 only.",
    "gradients never divided": "from stage 2 on the gradients are divided; yours never are.",
    "gradients divided at stage 1": "stage 1 divides the optimizer states alone; gradients follow "
    "at stage 2.",
    "weights divided at stage 2": "weights are divided at stage 3, not at stage 2.",
    "weights never divided": "stage 3 divides the weights too, those of frozen models included.",
    "one stage late": "each part is divided one stage too late: stage 1 begins with the optimizer.",
    "one stage early": "each part is divided one stage too early: at stage 0 nothing is.",
    "all divided at every stage": "everything is divided at every stage. At stage 0 nothing is, "
    "and each stage adds one part.",
    "all divided from stage 1 on": "from stage 1 on everything is divided. Stage 1 divides the "
    "optimizer states, stage 2 gradients too, stage 3 weights too.",
    "nothing divided": "nothing is divided by the devices, whatever the stage.",
    "stages reversed": "the order of the stages is reversed: optimizer states first, weights last.",
    "this stage alone": "a stage keeps what the stages before divide: compare with >=, not ==.",
    "divided by the stage": "divide by the number of devices, not by the stage.",
    "Adam with one part less": "8 bytes for the optimizer: one of its three float32 numbers is "
    "missing. They are the copy of the weight and two moments.",
    "no optimizer": "the optimizer's 12 bytes are missing.",
    "one number for Adam": "4 bytes for the optimizer: a copy of the weight and two moments, in "
    "float32, make 12.",
    "moments in 16 bit": "6 bytes for the optimizer: its three numbers are float32, 4 bytes each.",
    "16 for the optimizer": "16 bytes are weight, gradient and optimizer together; the optimizer "
    "takes 12 of them.",
    "copy among the weights": "the float32 copy belongs to the optimizer: it is divided at stage 1 "
    "and only trained weights have one.",
    "gradients in float32": "the gradients are 16 bit here: 2 bytes.",
    "weights in float32": "the weights in use are 16 bit: 2 bytes. Their float32 copy is among the "
    "optimizer's 12.",
    "float32 throughout": "weights and gradients are 16 bit here: 2 bytes each.",
    "float32 without a copy": "4, 4 and 8 bytes are training in float32. In mixed precision they "
    "are 2, 2 and 12.",
    "frozen like trained": "you give gradients and states to every weight that is held. Only the "
    "trained ones have them: num_trained.",
    "frozen models like trained": "a model with num_trained 0 is frozen: no gradient, no states.",
    "base trained with its adapter": "a model that trains an adapter has gradients for the adapter "
    "alone, not for its base.",
    "frozen left out": "frozen weights take memory too: 2 bytes for each of num_parameters.",
    "frozen models left out": "a frozen model has no gradients, but it has weights.",
    "frozen never divided": "here stage 3 divides the weights of frozen models as well.",
    "adapter counted twice": "num_parameters holds the trained numbers already.",
    "floor": "the mean over devices need not be whole: / in place of //, and an array of floats.",
    "ceil": "the mean over devices need not be whole: do not round it up.",
    "bits": "these are bits: a byte has 8 of them.",
    "gigabytes": "these are gigabytes; bytes are wanted.",
    "sum over the models": "you add up the models. Give one row for each.",
    "sum over the parts": "you add up the three parts. Give one column for each.",
    "one sum": "this is the sum of all. Give a row for each model, with three columns.",
    "states first": "the columns are weights, gradients, optimizer states; yours are reversed.",
    "gradients first": "the columns are weights, gradients, optimizer states; the first two of "
    "yours are exchanged.",
    "states before gradients": "the columns are weights, gradients, optimizer states; the last two "
    "of yours are exchanged.",
    "gradients of all": "you give a gradient to every weight that is held. Only the trained ones "
    "have one: num_trained.",
    "states of all": "you give optimizer states to every weight that is held. Only the trained "
    "ones have them: num_trained.",
    "copies of all": "only a trained weight has a float32 copy: it is 4 of the optimizer's 12 "
    "bytes.",
    "trained weights left out": "num_parameters holds the trained numbers already, and they are "
    "weights like the others: subtract nothing.",
    "base whole": "stage 3 divides the frozen weights under an adapter as well, not the adapter "
    "alone.",
    "base whole, frozen models divided": "stage 3 divides all weights of a model that trains an "
    "adapter, its frozen base included.",
    "multiplied": "a part that is divided is smaller on each device; yours is multiplied.",
    "all devices": "this is the sum over all devices; the bytes on one are wanted.",
    "10 for the optimizer": "10 bytes for the optimizer: a copy of the weight and two moments, in "
    "float32, make 12.",
    "gradients before states": "the order of the first two stages is turned round: stage 1 "
    "divides the optimizer states, stage 2 the gradients too.",
    "stage for devices": "you divide by the number of the stage where num_devices is meant.",
    "stage for devices, all parts": "you divide every part by the number of the stage. Divide by "
    "num_devices, and only the parts of that stage.",
    "int32": "a number beyond 2,147,483,647 does not fit into int32 and comes out wrong. Give "
    "floats, or int64 before the division.",
    "int32, rounded down": "the numbers are int32: what is larger than 2,147,483,647 comes out "
    "wrong, and the mean over devices is cut.",
    "four models": "there may be more than four models: one row for each of num_parameters.",
    "mebibytes": "these are units of 1,048,576 bytes; bytes are wanted.",
    "gibibytes": "these are units of 2**30 bytes; bytes are wanted.",
}
