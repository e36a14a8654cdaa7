/* The registry's list: one line a method. Adding a method is its file and a line here. */
EST_METHOD(mse)
EST_METHOD(trend)
