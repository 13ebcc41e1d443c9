#include <torch/csrc/autograd/custom_function.h>
at::Tensor f(at::Tensor x){return x.matmul(x).softmax(-1);}
